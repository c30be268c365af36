import { symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { help, sendCommand, serveCommands } from './commands.js';
import { HostCluster } from './host-cluster.js';
import { isOwned, removeHosts } from './tools.js';

const NODES_MAX = 20;
/** What each host has of its own. */
const OWN_SETTINGS =
  /^SHIPLOG_(HOME|API_ADDRESS|API_NAMES|APPS|BUS_PORT|CLUSTER|CREDENTIALS|EVENT_LOG|EVENT_LOG_LOGIN|NATS_URL|NODE)$/;
const folder = join(resolve(process.env['SHIPLOG_HOME'] || join(homedir(), '.shiplog')), 'hosts');
const socket = join(folder, 'commands.sock');

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function start(nodes: number): Promise<void> {
  if (isOwned(folder)) throw new Error(`Test hosts run in ${folder} already: end them with Ctrl-C or "npm run down".`);
  await removeHosts(folder);
  const settings = Object.entries(process.env).filter(
    ([name]) => name.startsWith('SHIPLOG_') && !OWN_SETTINGS.test(name),
  );
  const cluster = await HostCluster.start({ nodes, folder, say, env: Object.fromEntries(settings) });
  await cluster.nodesReady();
  const kubeconfig = join(folder, 'kubeconfig');
  symlinkSync(cluster.kubeconfig, kubeconfig);
  await serveCommands(cluster, socket);
  say('');
  say(`Ready. Your kubeconfig is ${kubeconfig}`);
  say('');
  say('Try this in another terminal:');
  say(`  export KUBECONFIG=${kubeconfig}`);
  say('  kubectl get nodes -o wide');
  say('  kubectl create deployment hello --replicas=3 --image=shiplog.local/busybox:1 -- sleep 1000000');
  say('  npm run hosts -- cut host-2        # and npm run hosts -- heal');
  say('Ctrl-C removes everything.');
}

try {
  const { values, positionals } = parseArgs({
    options: { nodes: { type: 'string', default: '3' }, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  const nodes = Number(values.nodes);
  if (values.help)
    say(`npm run hosts -- --nodes 3    starts a cluster; while it runs, npm run hosts -- followed by\n${help()}`);
  else if (positionals.length > 0) await sendCommand(socket, positionals);
  else if (Number.isInteger(nodes) && nodes >= 1 && nodes <= NODES_MAX) await start(nodes);
  else throw new Error(`--nodes is "${values.nodes}": it must be a whole number from 1 to ${NODES_MAX}.`);
} catch (cause) {
  process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`);
  process.exit(1);
}
