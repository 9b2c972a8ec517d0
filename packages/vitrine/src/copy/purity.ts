/**
 * Detects a rule that uses more than its inputs: the time, random numbers, the environment. These functions are
 * replaced while a copy has rules, and their calls count while a rule runs.
 */

const INTL = Intl.DateTimeFormat.prototype

/** The functions by owner and name. Methods are replaced in place, so that a rule with its own reference to `Date` is noticed, too. */
const LOOKS: readonly (readonly [owner: object, name: string])[] = [
  [globalThis, 'Date'],
  [Date, 'now'],
  [Math, 'random'],
  [Object.getPrototypeOf(performance), 'now'],
  [INTL, 'format'],
  [INTL, 'formatToParts'],
  [process, 'hrtime'],
  [process, 'env'],
  [Object.getPrototypeOf(globalThis.crypto), 'randomUUID'],
  [Object.getPrototypeOf(globalThis.crypto), 'getRandomValues'],
]

let inRule = false
let noticed = false

/** Runs a rule. */
export function asRule<Given, Result>(rule: (given: Given) => Result, given: Given): Result {
  inRule = true
  try {
    return rule(given)
  } finally {
    inRule = false
  }
}

const notice = (): void => {
  if (inRule) noticed = true
}

/** A `Date` made from arguments does not depend on the time. */
const clock: ProxyHandler<DateConstructor> = {
  construct(target, given, newTarget) {
    if (given.length === 0) notice()
    return Reflect.construct(target, given, newTarget)
  },
  apply(target, self, given) {
    notice()
    return Reflect.apply(target, self, given)
  },
}

const look: ProxyHandler<object> = {
  apply(target, self, given) {
    notice()
    // sound because only functions are called.
    return Reflect.apply(target as () => unknown, self, given)
  },
  get(target, name) {
    notice()
    return Reflect.get(target, name)
  },
  has(target, name) {
    notice()
    return Reflect.has(target, name)
  },
  ownKeys(target) {
    notice()
    return Reflect.ownKeys(target)
  },
}

/** Formatting a given time does not depend on the present time. */
const format: ProxyHandler<(...given: readonly unknown[]) => unknown> = {
  apply(target, self, given) {
    if (given[0] === undefined) notice()
    return Reflect.apply(target, self, given)
  },
}

/** A replacement of the property that reports its use. */
function noticedProperty(owner: object, real: PropertyDescriptor): PropertyDescriptor {
  const { value, get } = real
  if (value === Date) return { ...real, value: new Proxy(Date, clock) }
  if (get === undefined) return { ...real, value: new Proxy(value, owner === INTL ? format : look) }
  // `format` is a getter, and what it returns is called.
  return {
    ...real,
    get() {
      return new Proxy(Reflect.apply(get, this, []), format)
    },
  }
}

const PROPERTIES = LOOKS.flatMap(([owner, name]) => {
  const real = Object.getOwnPropertyDescriptor(owner, name)
  return real === undefined ? [] : [{ owner, name, real, watched: noticedProperty(owner, real) }]
})

/** Copies with rules at this moment. */
let copies = 0

/** Watches rules until the returned function is called. Doing so for each chunk would cost a tenth of the CPU. */
export function watchRules(): () => void {
  if (copies++ === 0) for (const { owner, name, watched } of PROPERTIES) Object.defineProperty(owner, name, watched)
  return () => {
    if (--copies === 0) for (const { owner, name, real } of PROPERTIES) Object.defineProperty(owner, name, real)
  }
}

/** Whether a rule that `work` calls looks at more than its inputs, while rules are watched. */
export function looksBeyond(work: () => void): boolean {
  noticed = false
  work()
  return noticed
}
