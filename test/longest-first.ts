/** The order of the test files: those that take longest begin first, so that no worker is left alone with one at the end. */
import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Each takes 20 seconds or more. Vitest knows how long a file took on this machine, and on a fresh clone only its size. */
const LONGEST = [
  'packages/vitrine/test/run/pressure.test.ts',
  'test/guide-operating.test.ts',
  'test/deploy.test.ts',
  'packages/vitrine/test/schedule/instruments.test.ts',
  'packages/vitrine/test/metabase/set-up.test.ts',
  'packages/vitrine/test/run/faults/servers.test.ts',
  'packages/vitrine/test/run/faults/network.test.ts',
  'packages/vitrine/test/run/dropped-by-hand.test.ts',
  'packages/vitrine/test/run/faults/killed.test.ts',
  'packages/vitrine/test/run/faults/statements.test.ts',
  'packages/vitrine/test/delta/property.test.ts',
  'packages/vitrine/test/delta/altered-by-hand.test.ts',
  'packages/vitrine/test/run/rollback.test.ts',
  'packages/vitrine/test/run/deployment.test.ts',
  'packages/vitrine/test/run/promises.test.ts',
  'packages/vitrine/test/run/sight.test.ts',
  'packages/vitrine/test/run/jdbc/jdbc.test.ts',
  'packages/vitrine/test/types/types.test.ts',
  'packages/vitrine/test/cli/odd-settings.test.ts',
  'impact/test/cli/start.test.ts',
  'impact/test/cli/start-metabase.test.ts',
  'packages/vitrine/test/onboarding/init.test.ts',
  'test/node-versions.test.ts',
  'test/guide-runbook.test.ts',
  'test/canary.test.ts',
  'packages/vitrine/test/page/places-browser.test.ts',
  'impact/test/dashboards/navigateur.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.indexOf(relative(this.ctx.config.root, moduleId))
      return at === -1 ? LONGEST.length : at
    }
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other))
  }
}
