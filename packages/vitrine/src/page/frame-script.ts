/** The script of the frame: cards that were still to come are fetched, and a language or a filter needs none of it. */
export const frameScript = `
for (const card of document.querySelectorAll('.v-card.v-is-coming')) {
  const key = card.id.replace(/^q-/, '')
  const board = location.pathname.replace(/\\/tabs\\/[0-9]+$/, '')
  fetch(board + '/questions/' + encodeURIComponent(key) + '/tile' + location.search)
    .then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status)))
    .then((text) => {
      const drawn = new DOMParser().parseFromString(text, 'text/html').querySelector('.v-card')
      if (drawn !== null) card.replaceWith(document.adoptNode(drawn))
    })
    .catch(() => {
      const why = card.querySelector('.v-why')
      why.textContent = why.dataset.late
      card.classList.replace('v-is-coming', 'v-is-failed')
    })
}
const { edition, base } = document.body.dataset
const look = async () => {
  const answer = await fetch(base + '/edition?after=' + edition).catch(() => null)
  if (answer?.ok && (await answer.text()) !== edition) location.reload()
  else setTimeout(look, answer?.ok ? 0 : 1000)
}
if (edition !== undefined) look()
for (const form of document.querySelectorAll('.v-filters')) {
  form.addEventListener('change', (event) => { if (event.target.type !== 'search' && event.target.type !== 'date') form.requestSubmit() })
}
document.addEventListener('click', (event) => {
  for (const open of document.querySelectorAll('.v-filters details[open]')) if (!open.contains(event.target)) open.open = false
})
`
