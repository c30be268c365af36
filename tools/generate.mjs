// npm run generate [-- --check]: writes the files that are made from code. --check fails when one is not what it would write.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, install, main, root, runNode, step } from './setup.mjs';

const FILES = { 'docs/subjects.md': subjectsPage };

/** Compares or writes every generated file. @returns {Promise<string[]>} the files that were out of date */
async function generate(isCheck) {
  const changed = [];
  for (const [file, make] of Object.entries(FILES)) {
    const path = join(root, file);
    const text = await make();
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    changed.push(file);
    if (!isCheck) writeFileSync(path, text);
  }
  return changed;
}

async function subjectsPage() {
  const { agentPermissions, appPermissions, BUS_APPS, subjects } = await import(
    join(root, 'dist/libs/engine/src/index.js')
  );
  const rows = [
    [
      subjects.event('apps.deployments', 'default', 'web', 'DeploymentScaled'),
      'the public feed: every event of the log, as it is stored',
    ],
    [
      subjects.command('controllers', { kind: 'core.pods', namespace: 'default', name: 'web', verb: 'patch' }),
      'a command to the writer, from the controllers; `command.<client>.<group>.<plural>.<namespace>.<name>.<verb>`',
    ],
    [
      subjects.commandsTogether('scheduler', [
        { kind: 'core.pods', namespace: 'default', name: 'web-1', verb: 'create' },
        { kind: 'core.pods', namespace: 'default', name: 'web-2', verb: 'create' },
      ]),
      'all commands that one look of a loop submits at once; `_` stands for what differs. The answer has a result for each',
    ],
    [subjects.node('node-1', 'change'), 'a numbered change of what a node is to run'],
    [subjects.allNodes, 'a numbered change of what all nodes need alike, published once for all of them'],
    [subjects.node('node-1', 'logs'), 'a request to an agent; `node.<node>.<verb>`'],
    [subjects.report('node-1', 'sync'), 'a report or question of an agent; `report.<node>.<what>`'],
    [
      subjects.joins.replace('*', 'abc123'),
      'a request to join, of a machine with the token of that id ([ADR 47](adr/0047-joining-over-the-bus.md))',
    ],
    [subjects.heartbeat('node-1'), 'a sign of life'],
    [subjects.measurements('node-1'), 'what a node and its pods use, each second'],
    [subjects.query('scaler', 'pods'), 'a question for the newest figures of pods; `nodes` and `history` likewise'],
    [
      subjects.query('api', 'metric'),
      'a question for a custom or external metric, which the API asks an aggregated server',
    ],
    [
      subjects.measurements('node-1'),
      'what a node and its pods use, every second ([ADR 36](adr/0036-measurements-on-the-wire.md))',
    ],
    [subjects.keySample('node-1'), 'asks an agent to send its last sample again, in a frame that stands alone'],
    [subjects.node('node-1', 'metrics'), 'asks an agent for a document that a kubelet serves, by its path'],
    [
      subjects.query('health', 'leases'),
      'a question to an app: here, when each agent last renewed the lease of its node',
    ],
    [
      subjects.query('api', 'writer'),
      'the same: the epoch of the writer that has the role; nobody answers where none has',
    ],
    [subjects.stream('node-1', 'id'), 'base of a byte stream: `.agent` towards the agent, `.client` towards who asked'],
    [subjects.inbox('api'), 'where answers to an app arrive; an agent has `node.<node>.inbox`'],
  ];
  const allowed = (list) => list.map((subject) => `\`${subject}\``).join(', ') || 'nothing';
  const who = [...BUS_APPS.map((app) => [app, appPermissions([app])]), ['agent of node-1', agentPermissions('node-1')]];
  return `# Subjects of the bus

Made by \`npm run generate\` from \`libs/engine/src/subjects.ts\`, the one file that spells them.
Names may hold dots: in a token \`.\` and everything that NATS gives a meaning is percent-encoded, and \`_\` stands for an absent name.

| example | what it is |
|---|---|
${rows.map(([subject, text]) => `| \`${subject}\` | ${text} |`).join('\n')}

## Who may use which

Every connection is TLS with the cluster's CA and has a user JWT of its own. Beside these, everybody may answer what it received.

| client | publishes | subscribes |
|---|---|---|
${who.map(([name, { publish, subscribe }]) => `| ${name} | ${allowed(publish)} | ${allowed(subscribe)} |`).join('\n')}

## As whom a client may act

The actor of a command comes from its subject: NATS lets a client publish under its own name only. What the command itself
says is compared with that, and then the authorizer is asked, with the roles that Kubernetes gives to the same accounts
(\`libs/kinds/src/access\`). What is not allowed is answered 403 and logged.

| client | acts as |
|---|---|
| api | whom it has authenticated |
| controllers | the service accounts \`system:serviceaccount:kube-system:<account>\` of the loops that run there |
| scheduler | the user \`system:kube-scheduler\` |
| scaler | the service accounts of the loops that decide on measurements |
| health | the service accounts of the loops that watch over nodes, and \`system:node:<node>\` for what the agent of a node reports |
| all others | nobody |
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    const isCheck = process.argv.includes('--check');
    if (!process.env.SHIPLOG_GENERATE) {
      install();
      build();
      // The compiled code wants the pinned Node.
      const env = { ...process.env, SHIPLOG_GENERATE: '1' };
      return runNode(process.argv.slice(1), { cwd: root, env });
    }
    const changed = await generate(isCheck);
    for (const file of changed) step(`${isCheck ? 'out of date' : 'wrote'}: ${file}`);
    return isCheck && changed.length > 0 ? 1 : 0;
  });
}
