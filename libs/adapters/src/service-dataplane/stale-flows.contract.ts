import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { Backend, Frontend } from '#model';
import type { ServiceDataplane } from '#ports';
import { namesIn } from './test-frontends.js';
import type { Part, TestNetwork } from './test-network.js';

const VIP = '10.96.3.4';
const SOON_MS = 20_000;

export interface StaleFlowsUnderTest {
  readonly network: () => TestNetwork;
  readonly dataplane: () => ServiceDataplane;
  readonly backend: (part: Part) => Backend;
  readonly frontend: (more: Partial<Frontend> & Pick<Frontend, 'backends'>) => Frontend;
}

/** Asks until a service is answered as it should be. */
async function soon(ask: () => Promise<readonly string[]>, expected: readonly string[]): Promise<void> {
  let answer = await ask();
  for (const end = performance.now() + SOON_MS; performance.now() < end; answer = await ask()) {
    if (answer.join() === expected.join()) return;
    await sleep(20);
  }
  expect(answer).toEqual(expected);
}

/** What a kernel remembers of flows leads nobody to where a service no longer leads. */
export function staleFlowsContract({ network, dataplane, backend, frontend }: StaleFlowsUnderTest): void {
  describe('flows to an endpoint that is gone', () => {
    test('of UDP go where the service leads now, after a change and after a whole new set', async () => {
      const udp = (part: Part): Frontend => frontend({ protocol: 'UDP', backends: [backend(part)] });
      const ask = async (): Promise<readonly string[]> =>
        namesIn(await network().ask('pod1', `${VIP}:80`, 1, { udp: true, localPort: 5353 }));
      await dataplane().replace([udp('pod2')]);
      await soon(ask, ['pod2']);
      await dataplane().apply({ changed: [udp('outside')], gone: [] });
      await soon(ask, ['outside']);
      await dataplane().replace([udp('pod1')]);
      await soon(ask, ['pod1']);
    });

    test.each(['a change', 'a whole new set'])(
      'and were never answered lead no later connection of the same port, after %s',
      async (how) => {
        const client = network().addressOf('pod1');
        const route = (what: string): string => network().run('pod2', 'ip', 'route', what, 'blackhole', client);
        const elsewhere = frontend({ backends: [backend('outside')] });
        const ask = async (): Promise<readonly string[]> =>
          namesIn(await network().ask('pod1', `${VIP}:80`, 1, { localPort: 5354 }));
        await dataplane().replace([frontend({ backends: [backend('pod2')] })]);
        // What the client sends arrives, and no answer comes back: so it is when a way is cut.
        route('add');
        try {
          expect(await ask()).not.toEqual(['outside']);
          if (how === 'a change') await dataplane().apply({ changed: [elsewhere], gone: [] });
          else await dataplane().replace([elsewhere]);
          await soon(ask, ['outside']);
        } finally {
          route('del');
        }
      },
      40_000,
    );
  });
}
