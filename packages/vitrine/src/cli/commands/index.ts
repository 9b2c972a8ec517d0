/** All commands of the tool in the order of its help. */
import type { Command } from '../command.ts'
import { check } from './check.ts'
import { dictionary } from './dictionary.ts'
import { doctor } from './doctor.ts'
import { drop } from './drop.ts'
import { erase } from './erase.ts'
import { follow } from './follow.ts'
import { history } from './history.ts'
import { metabase } from './metabase.ts'
import { migrate } from './migrate.ts'
import { plan } from './plan.ts'
import { provision } from './provision.ts'
import { rebuild } from './rebuild.ts'
import { rollback } from './rollback.ts'
import { runs } from './runs.ts'
import { schedule } from './schedule.ts'
import { serve } from './serve.ts'
import { status } from './status.ts'
import { sync } from './sync.ts'
import { trace } from './trace.ts'
import { url } from './url.ts'

export const COMMANDS: readonly Command[] = Object.freeze([
  check,
  dictionary,
  plan,
  migrate,
  provision,
  sync,
  schedule,
  follow,
  serve,
  status,
  runs,
  rollback,
  doctor,
  metabase,
  url,
  history,
  trace,
  erase,
  drop,
  rebuild,
])
