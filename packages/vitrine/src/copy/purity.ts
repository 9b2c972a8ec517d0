/**
 * Notices a rule that looks at more than its inputs: at the time, at chance, at the environment. What stands for these is
 * replaced while a copy has rules, and counts while one of them runs.
 */

const INTL = Intl.DateTimeFormat.prototype

/** Of each, the function or object of that name. Methods are replaced where they stand, so that a kept `Date` finds them. */
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

/** What the rule returns, or throws. */
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

/** A date of given parts tells nothing of now. */
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

/** Of a time that is given, it tells nothing of now. */
const format: ProxyHandler<(...given: readonly unknown[]) => unknown> = {
  apply(target, self, given) {
    if (given[0] === undefined) notice()
    return Reflect.apply(target, self, given)
  },
}

/** The same property, noticed. */
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

/** How many copies have rules now. */
let copies = 0

/** Until it is called back, rules are watched. For each chunk of a copy it would cost a tenth of the CPU. */
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
