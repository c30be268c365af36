// npm run replay [-- --update] [-- --show N] [-- PREFIX…]
// Replays the recordings of a genuine Kubernetes 1.35 (test/recorded) against clusters of their own, prints the figure of
// every scenario, and fails when one is below the committed floor (test/recorded/floor.json). --update raises the floor.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubectl } from './clients.mjs';
import { root, startCluster } from './cluster.mjs';

const RESOURCES =
  'namespaces,nodes,pods,podtemplates,replicasets,deployments,horizontalpodautoscalers,services,endpoints,endpointslices,configmaps,secrets,serviceaccounts,events,leases,roles,clusterroles,rolebindings,clusterrolebindings,' +
  'validatingadmissionpolicies,validatingadmissionpolicybindings,mutatingwebhookconfigurations,validatingwebhookconfigurations,' +
  'selfsubjectaccessreviews,subjectaccessreviews,localsubjectaccessreviews,selfsubjectrulesreviews,selfsubjectreviews,tokenreviews,certificatesigningrequests,' +
  'jobs,cronjobs,networkpolicies,poddisruptionbudgets,ingresses,ingressclasses,servicecidrs,ipaddresses,flowschemas,prioritylevelconfigurations,priorityclasses,csinodes,runtimeclasses';
const API =
  /^(core|apps|autoscaling|batch|certificates|discovery|coordination|networking|cluster|events|workloads|services|tables|pods|list|lists|watch|watches|patch|apply|deletes|errors|protocol|authentication|authorization|identity|rbac|nodeauthz|policies|policy|podsecurity|admissionregistration|flowcontrol|scheduling|storage|node-v1|defaults)-/;
const CONTROLLERS = /^controllers-/;
const SCHEDULER = /^scheduler-/;
// Their resources have names of their own, or they ask about the API as a whole: every answer counts.
const WHOLE = /^(crds-|apiextensions-|apiregistration-|discovery-(aggregated|apiservices|documents|openapi)\.)/;

const args = process.argv.slice(2);
const update = args.includes('--update');
const show = args.includes('--show') ? args[args.indexOf('--show') + 1] : '10';
const wanted = args.filter((a, i) => !a.startsWith('--') && args[i - 1] !== '--show');
const folder = join(root, 'test/recorded');
const floorFile = join(folder, 'floor.json');
const floor = existsSync(floorFile) ? JSON.parse(readFileSync(floorFile, 'utf8')) : {};
// Only what the floor names is held to a figure. Scenarios that wait for loops are held to one answer less than was reached:
// on a busy machine a settled state may come a moment after the recording stopped looking, or a loop may have settled already what
// the recording still saw as a person left it (conditions of definitions).
const chosen = (pattern) =>
  readdirSync(folder)
    .filter((f) => f.endsWith('.jsonl.gz') && pattern.test(f))
    .filter((f) => wanted.length === 0 || wanted.some((w) => f.startsWith(w)))
    .sort();

const hasFloor = (file) => floor[file.replace('.jsonl.gz', '')] !== undefined;

const runs = [
  { name: 'api', apps: 'api', files: chosen(API).filter((f) => !WHOLE.test(f)), flags: ['--resources', RESOURCES] },
  // Families that are not whole yet have no floor; they are replayed when they are named.
  { name: 'whole', apps: 'api', files: chosen(WHOLE).filter((f) => wanted.length > 0 || hasFloor(f)), flags: [] },
  {
    name: 'controllers',
    apps: 'api,controllers,scheduler',
    files: chosen(CONTROLLERS),
    flags: ['--resources', RESOURCES],
  },
  {
    name: 'scheduler',
    apps: 'api,controllers,scheduler',
    files: chosen(SCHEDULER),
    flags: ['--resources', RESOURCES, '--parallel', '1'],
  },
];
let below = 0;
const reached = {};
for (const run of runs) {
  if (run.files.length === 0) continue;
  const cluster = await startCluster({ apps: run.apps });
  try {
    const result = spawnSync(
      process.execPath,
      [
        join(folder, 'replay.mjs'),
        ...run.files.map((f) => join(folder, f)),
        ...run.flags,
        '--kubectl',
        kubectl(),
        '--json',
      ],
      { env: { ...process.env, KUBECONFIG: cluster.kubeconfig }, encoding: 'utf8', maxBuffer: 1 << 28 },
    );
    if (!result.stdout.trim()) throw new Error(`the replay printed nothing:\n${result.stderr}`);
    const answer = JSON.parse(result.stdout);
    let shown = 0;
    for (const r of answer.results.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      reached[r.name] = r.equal;
      const least = floor[r.name];
      const fell = least !== undefined && r.equal < least;
      if (fell) below++;
      console.log(`${r.name}: ${r.equal} of ${r.total}${fell ? `  BELOW the floor of ${least}` : ''}`);
      for (const fault of r.faults) {
        if (shown++ >= Number(show)) break;
        console.log(`  ${fault.title}`);
        for (const d of fault.faults.slice(0, 5)) console.log(`    ${d}`);
      }
    }
    const percent = answer.total ? ((100 * answer.equal) / answer.total).toFixed(2) : '100';
    console.log(`${run.name}: answers equal ${answer.equal} of ${answer.total} (${percent} %)`);
  } finally {
    await cluster.stop();
  }
}
if (update) {
  const raised = { ...floor };
  for (const [name, equal] of Object.entries(reached)) raised[name] = Math.max(floor[name] ?? 0, equal);
  writeFileSync(floorFile, `${JSON.stringify(raised, Object.keys(raised).sort(), 1)}\n`);
}
if (below > 0) console.error(`${below} scenarios are below their floor`);
process.exitCode = below > 0 ? 1 : 0;
