// How long a machine takes to become a node: from the command to a Node that is Ready, on test hosts whose engines run and have the images.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { requireHostPrograms, root } from '../setup.mjs';
import { median } from './median.mjs';

const MACHINES = 3;
const READY_S = 60;

/** The figures that this module gives. */
export const names = ['node.join_s'];
export const runs = 1;

export async function run() {
  requireHostPrograms();
  const load = (file) => import(pathToFileURL(join(root, 'dist/test/support', file)).href);
  const { HostCluster } = await load('hosts/host-cluster.js');
  const { ApiClient } = await load('api-client.js');
  const { until } = await load('test-cluster.js');
  const cluster = await HostCluster.start({ nodes: 0, spare: MACHINES });
  const api = new ApiClient(cluster.kubeconfig);
  try {
    const words = await cluster.joinWords();
    const seconds = [];
    for (let n = 1; n <= MACHINES; n++) {
      const began = performance.now();
      await cluster.join(cluster.hosts.get(`spare-${n}`), words);
      await until(
        `spare-${n} is Ready`,
        () => readiness(api, `spare-${n}`),
        (status) => status === 'True',
        READY_S,
      );
      seconds.push((performance.now() - began) / 1000);
    }
    return { 'node.join_s': median(seconds, 's', 2) };
  } finally {
    api.close();
    await cluster.stop();
  }
}

async function readiness(api, name) {
  const { status } = (await api.get(`/api/v1/nodes/${name}`)).json();
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}
