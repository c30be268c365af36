import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { kubectl } from '../../tools/clients.mjs';
import { root, startCluster, type StartedCluster } from '../../tools/cluster.mjs';
import { masked, readGolden, runLine, writeGolden } from '../support/golden.js';

/** Sessions with a real kubectl against a whole cluster on the real engine. UPDATE_GOLDEN=1 writes what was seen: read it. */
const folder = join(root, 'test/golden/kubectl');
const update = process.env['UPDATE_GOLDEN'] === '1';
const only = process.env['GOLDEN'];

let cluster: StartedCluster;
let home: string;

beforeAll(async () => {
  execFileSync(process.execPath, [join(root, 'dist/apps/cli/main.js'), 'image', 'busybox'], { stdio: 'ignore' });
  home = mkdtempSync(join(tmpdir(), 'shiplog-kubectl-'));
  cluster = await startCluster();
});

afterAll(async () => {
  if (cluster) {
    execFileSync(process.execPath, [join(root, 'tools/down.mjs')], {
      env: { ...process.env, SHIPLOG_HOME: cluster.home },
      stdio: 'ignore',
    });
    await cluster.stop();
  }
  rmSync(home, { recursive: true, force: true });
});

describe('kubectl prints what Kubernetes users expect', () => {
  for (const file of readdirSync(folder).filter((name) => !only || name.startsWith(only))) {
    it(
      file.replace('.txt', ''),
      async () => {
        const namespace = file.replace('.txt', '');
        const env = {
          ...process.env,
          PATH: `${dirname(kubectl())}:${process.env['PATH'] ?? ''}`,
          KUBECONFIG: cluster.kubeconfig,
          HOME: home,
          EXAMPLES: join(root, 'docs/examples'),
          SERVER: `https://127.0.0.1:${cluster.port}`,
          NODE: hostname().toLowerCase(),
          KUBE_EDITOR: "sed -i 's/greeting: hello/greeting: edited/'",
        };
        await runLine(
          `kubectl create namespace ${namespace}; kubectl config set-context --current --namespace ${namespace}`,
          env,
          undefined,
        );
        const words = {
          [root]: '<root>',
          [cluster.home]: '<home>',
          [hostname().toLowerCase()]: '<node>',
          [`127.0.0.1:${cluster.port}`]: '<server>',
        };
        const seen = [];
        for (const step of readGolden(join(folder, file))) {
          const got = masked(await runLine(step.command, env, step.seconds), words);
          seen.push({ ...step, got });
        }
        if (update) writeGolden(join(folder, file), seen);
        for (const step of seen) expect(`$ ${step.command}\n${step.got}`).toBe(`$ ${step.command}\n${step.expected}`);
      },
      300_000,
    );
  }
});
