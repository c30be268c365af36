// npm run conformance [-- --tier T1] [-- --focus REGEX] [-- --procs N] [-- --engine ADDRESS …]
// Runs the official conformance suite against the cluster that runs ($KUBECONFIG, else the one of SHIPLOG_HOME): a line per
// test, then `N of M`. The suite is built once into .cache/official (or SHIPLOG_OFFICIAL), which needs Go; the images that
// its tests run are made in the container engine where they are missing. It is a black box: only its reports are read.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSuite } from '../test/support/official/build.mjs';
import { makeImages } from '../test/support/official/images.mjs';
import { home, main, Problem, requireEngine, root, step } from './setup.mjs';

const { values: options } = parseArgs({
  options: {
    tier: { type: 'string' },
    focus: { type: 'string' },
    procs: { type: 'string', default: '3' },
    engine: { type: 'string', multiple: true, default: [] },
  },
});

await main(async () => {
  const kubeconfig = clusterConfig();
  const focus = focusOf(options);
  const built = resolve(process.env.SHIPLOG_OFFICIAL || join(root, '.cache', 'official'));
  await buildSuite(built, step);
  if (options.engine.length === 0) {
    await requireEngine();
    makeImages(built, step);
  }
  for (const engine of options.engine) makeImages(built, step, { ...process.env, DOCKER_HOST: engine });
  const reports = join(root, '.cache', 'conformance');
  mkdirSync(reports, { recursive: true });
  const count = { passed: 0, all: 0 };
  // What disturbs others comes last and one at a time.
  for (const phase of [
    { name: 'parallel', labels: 'Conformance && !Serial', procs: options.procs },
    { name: 'serial', labels: 'Conformance && Serial', procs: '1' },
  ]) {
    await runPhase({ ...phase, built, reports, focus, kubeconfig });
    printReport(join(reports, `${phase.name}.json`), count);
  }
  console.log(`${count.passed} of ${count.all}`);
  return count.all > 0 && count.passed === count.all ? 0 : 1;
});

function clusterConfig() {
  const path = process.env.KUBECONFIG || join(home, 'kubeconfig');
  if (!existsSync(path)) throw new Problem(`There is no cluster to test: ${path} is missing. Run npm start first.`);
  return resolve(path);
}

/** A regular expression on the tests' names; a tier stands for the names in it. */
function focusOf({ tier, focus = '.' }) {
  if (!tier) return focus;
  const rows = readFileSync(join(root, 'test/support/official/conformance.tsv'), 'utf8').trim().split('\n').slice(1);
  const names = rows.map((row) => row.split('\t')).filter((columns) => columns[3] === tier);
  if (names.length === 0) throw new Problem(`No test is of tier ${tier}: there are T1 to T8.`);
  return names.map(([name]) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
}

/** Runs the tests of one label; that some failed is told by the report. */
function runPhase({ name, labels, procs, built, reports, focus, kubeconfig }) {
  rmSync(join(reports, `${name}.json`), { force: true });
  const ginkgo = [`--procs=${procs}`, '--no-color', '--timeout=4h', `--focus=${focus}`, `--label-filter=${labels}`];
  const output = [`--output-dir=${reports}`, `--json-report=${name}.json`];
  const suite = [
    '--provider=skeleton',
    `--kubeconfig=${kubeconfig}`,
    '--disable-log-dump',
    '--dump-logs-on-failure=false',
  ];
  const all = [...ginkgo, ...output, join(built, 'e2e.test'), '--', ...suite];
  return new Promise((done, failed) => {
    // The suite writes dots and timelines for people; what counts is in its report.
    const child = spawn(join(built, 'ginkgo'), all, { cwd: reports, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const keep = (chunk) => (text = (text + chunk).slice(-20_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', failed);
    child.once('close', () => {
      if (!existsSync(join(reports, `${name}.json`))) failed(new Problem(`The suite ended without a report:\n${text}`));
      else done();
    });
  });
}

function printReport(path, count) {
  for (const suite of JSON.parse(readFileSync(path, 'utf8'))) {
    for (const spec of suite.SpecReports ?? []) {
      if (spec.State === 'skipped' || spec.State === 'pending') continue;
      const isTest = spec.LeafNodeType === 'It';
      if (!isTest && spec.State === 'passed') continue;
      if (isTest) count.all++;
      if (isTest && spec.State === 'passed') count.passed++;
      const name = [...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText || spec.LeafNodeType].join(' ');
      console.log(`${spec.State} ${(spec.RunTime / 1e9).toFixed(0)}s ${name}`);
      if (spec.State !== 'passed')
        console.log(`    ${(spec.Failure?.Message ?? '').trim().split('\n').join('\n    ')}`);
    }
  }
}
