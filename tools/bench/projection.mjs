import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPlane } from './plane.mjs';

const PODS = 1500;
const REPORTS_PER_POD = 80;

/** The figures that this module gives. */
export const names = ['projection.rebuild_events_per_s'];

/** Events a second that a start without any checkpoint reads and folds: pods and the reports of their agents. */
export async function run() {
  const folder = await mkdtemp(join(tmpdir(), 'shiplog-bench-'));
  try {
    const first = await openPlane(folder);
    await first.plane.start();
    await fill(await first.plane.becomeWriter('bench'));
    await first.plane.stop();
    await first.log.close();
    const rates = [];
    for (let round = 0; round < 3; round++) {
      const { log, plane } = await openPlane(folder);
      const started = performance.now();
      await plane.start();
      const seconds = (performance.now() - started) / 1000;
      rates.push(plane.reads.times.length / seconds);
      await plane.stop();
      await log.close();
    }
    rates.sort((a, b) => a - b);
    return { 'projection.rebuild_events_per_s': { value: Math.round(rates[1]), unit: '1/s' } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(writer) {
  let count = 0;
  const submit = async (parts) => {
    const result = await writer.submit({
      apiVersion: 'v1',
      namespace: 'default',
      options: {},
      actor: { name: 'bench', groups: ['system:masters'] },
      via: 'bench',
      correlationId: `bench-${count++}`,
      ...parts,
    });
    if (result.refused) throw new Error(result.message);
  };
  await submit({
    verb: 'create',
    kind: 'core.namespaces',
    namespace: undefined,
    name: 'default',
    body: { metadata: { name: 'default' } },
  });
  await submit({
    verb: 'create',
    kind: 'core.serviceaccounts',
    name: 'default',
    body: { metadata: { name: 'default' } },
  });
  const pods = Array.from({ length: PODS }, (_, i) => `pod-${i}`);
  await Promise.all(
    pods.map((name) =>
      submit({
        verb: 'create',
        kind: 'core.pods',
        name,
        body: { metadata: { name }, spec: { containers: [{ name: 'a', image: 'i:1' }] } },
      }),
    ),
  );
  for (let report = 0; report < REPORTS_PER_POD; report++) {
    await Promise.all(
      pods.map((name) =>
        submit({
          verb: 'patch',
          kind: 'core.pods',
          name,
          subresource: 'status',
          patchType: 'merge',
          body: { status: { phase: 'Running', message: `report ${report}`, podIP: `10.244.0.${report}` } },
        }),
      ),
    );
  }
}
