/**
 * The browser script, a few kilobytes: under the pointer, or with the arrow keys, a chart shows the values of a position, read
 * from the table of its card. Pages work without it: the table is there, and the style sheet turns cards.
 */
export const script = `'use strict';
(() => {
  const box = document.createElement('div')
  box.className = 'v-tip'
  box.hidden = true
  const hide = () => { box.hidden = true }
  const say = (plot, at) => {
    const points = plot.points ??= plot.dataset.points.split('|').map((each) => each.split(':')).map(([x, rows]) => [+x, rows.split(',')])
    const card = plot.closest('.v-card')
    const table = card?.querySelector('.v-back table')
    const point = points[Math.max(0, Math.min(points.length - 1, at))]
    if (!table || !point) return
    plot.at = points.indexOf(point)
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent)
    box.replaceChildren(...point[1].flatMap((row) => [...(table.tBodies[0].rows[row]?.cells ?? [])].map((cell, column) => {
      const line = document.createElement('span')
      line.textContent = heads[column] + ' : '
      const value = document.createElement('b')
      value.textContent = cell.textContent
      line.append(value)
      return line
    })))
    const [frame, area] = [card.getBoundingClientRect(), plot.getBoundingClientRect()]
    card.append(box)
    box.hidden = false
    const x = area.left - frame.left + point[0] * area.width / plot.viewBox.baseVal.width
    // Moved by properties: the content security policy forbids style attributes.
    box.style.left = Math.max(4, Math.min(frame.width - box.offsetWidth - 4, x + (x > frame.width / 2 ? -box.offsetWidth - 12 : 12))) + 'px'
    box.style.top = area.top - frame.top + 'px'
  }
  for (const plot of document.querySelectorAll('.v-plot')) {
    plot.tabIndex = 0
    plot.addEventListener('pointermove', (event) => {
      const area = plot.getBoundingClientRect()
      const x = (event.clientX - area.left) * plot.viewBox.baseVal.width / area.width
      const all = plot.dataset.points.split('|').map((each) => Math.abs(parseFloat(each) - x))
      say(plot, all.indexOf(Math.min(...all)))
    })
    plot.addEventListener('pointerleave', hide)
    plot.addEventListener('focus', () => say(plot, Infinity))
    plot.addEventListener('blur', hide)
    plot.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') return hide()
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
      if (step === undefined) return
      event.preventDefault()
      say(plot, (plot.at ?? 0) + step)
    })
  }
})()
`
