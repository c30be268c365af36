import { program as shiplog } from 'commander';

/** A command is loaded when it is used: most of them need a part of the house that takes longer to load than to do what they do. */
function later<Args extends readonly unknown[]>(
  load: () => Promise<(...args: Args) => unknown>,
): (...args: Args) => Promise<void> {
  return async (...args) => void (await (await load())(...args));
}

/** The command line: every command with its options. */
export const program = shiplog
  .enablePositionalOptions()
  .name('shiplog')
  .description('A container orchestrator that speaks the Kubernetes API and whose only truth is an event log');
program
  .command('start')
  .description('start a cluster on this machine, in the foreground')
  .action(async () => (await import('./tool.js')).runTool('start'));
program
  .command('down')
  .description('remove everything that start made')
  .action(async () => (await import('./tool.js')).runTool('down'));
program
  .command('status')
  .description('say whether the cluster of SHIPLOG_HOME answers')
  .action(later(async () => (await import('./status.js')).status));
program
  .command('version')
  .description('print versions')
  .action(later(async () => (await import('./version.js')).version));
program
  .command('at <moment> [kubectl...]')
  .description(
    'run kubectl on the cluster as it was: 10m, 2026-01-31T12:00:00Z, position:1234; alone it prints the server URL',
  )
  .passThroughOptions()
  .action(later(async () => (await import('./at.js')).at));
program
  .command('history <object>')
  .description('show what happened to an object and which fields changed: deployment/web')
  .option('-n, --namespace <namespace>', 'namespace of the object', 'default')
  .option('--limit <count>', 'how many of the newest events', '100')
  .option('-o, --output <form>', 'json instead of a table')
  .action(later(async () => (await import('./history.js')).history));
program
  .command('why <object> [field]')
  .description('show why an object is as it is, or gone, or why a field has its value: deployment/web spec.replicas')
  .option('-n, --namespace <namespace>', 'namespace of the object', 'default')
  .option('-o, --output <form>', 'json instead of a table')
  .action(later(async () => (await import('./history.js')).why));
program
  .command('top [what]')
  .description('show what pods (or nodes) use, and how that was in the last two minutes')
  .option('-n, --namespace <namespace>', 'namespace of the pods', 'default')
  .option('-A, --all-namespaces', 'pods of all namespaces')
  .option('-w, --watch', 'show it again every two seconds')
  .option('-o, --output <form>', 'json instead of a table')
  .action(later(async () => (await import('./top.js')).top));
program
  .command('image')
  .description('make images where no registry can be reached')
  .command('busybox')
  .description("make an image of this machine's static busybox")
  .option('--name <name>', 'name of the image', 'shiplog.local/busybox:1')
  .action(later(async () => (await import('./image.js')).imageBusybox));
program
  .command('setup')
  .description('make the keys, the bus configuration and the credentials of a cluster whose apps run apart')
  .requiredOption('--bus <url>', 'where apps reach the bus, like nats://nats:4222')
  .option('--agent-bus <url>', 'where agents reach it, if elsewhere')
  .option('--event-store <host>', 'host name of an EventStoreDB of its own: makes its certificate and logins')
  .option('--node <name...>', 'nodes that get an agent', [])
  .action(later(async () => (await import('./setup.js')).setup));
program
  .command('renew')
  .description('renew what setup made whenever it is due, for as long as this runs')
  .requiredOption('--bus <url>', 'where apps reach the bus, as at setup')
  .option('--event-store <host>', 'host name of the event store, as at setup')
  .action(later(async () => (await import('./renew.js')).renew));
program
  .command('restrict-event-store <url>')
  .description('let nobody but the logins that setup made read or append on an EventStoreDB')
  .action(later(async () => (await import('./event-store.js')).restrict));
const node = program.command('node').description('join machines to a cluster, and say which nodes may be on the bus');
node
  .command('join <address>')
  .description('make this machine a node of the cluster whose bus is at an address, like 192.0.2.1:4222')
  .option('--token <token>', 'token of "node token create"; it is seen in the list of processes for a moment')
  .option('--token-file <file>', 'file with the token instead; - is standard input')
  .option('--ca-hash <hash>', 'hash of the CA of the cluster, as "node token create" prints it')
  .option('--name <name>', "name of the node instead of this machine's")
  .option('--label <label...>', 'labels that the node registers with, like disk=ssd', [])
  .option('--taint <taint...>', 'taints that the node registers with, like gpu=yes:NoSchedule', [])
  .action(later(async () => (await import('./join.js')).joinCluster));
node
  .command('start')
  .description('run the agent of this machine, which has joined, in the foreground')
  .action(later(async () => (await import('./node-agent.js')).startNode));
node
  .command('list')
  .description('show the nodes, and until when each may be on the bus')
  .action(later(async () => (await import('./nodes.js')).listNodes));
node
  .command('remove <name>')
  .description('take a node out of the cluster for good: its credentials end, its Node is deleted')
  .action(later(async () => (await import('./nodes.js')).removeNode));
node
  .command('token')
  .description('tokens by which machines join')
  .command('create')
  .description('make a token, and print the command by which a machine joins')
  .option('--ttl <time>', 'how long it is good: 30m, 24h, 7d; 0 is without end', '24h')
  .option('--address <address>', "where machines reach the bus, if not at this machine's first address")
  .option('--description <text>', 'what it is for')
  .action(later(async () => (await import('./node-token.js')).createToken));
node
  .command('revoke <name>')
  .description('end the credentials of a node at once; it gets none until it is allowed again')
  .action(later(async () => (await import('./node.js')).revokeNode));
node
  .command('allow <name>')
  .description('let a revoked node have new credentials')
  .action(later(async () => (await import('./node.js')).allowNode));
node
  .command('revoked')
  .description('list the revoked nodes')
  .action(later(async () => (await import('./node.js')).listRevoked));
program
  .command('secrets')
  .description('forget values of Secrets that can be read in the past')
  .command('shred <name>')
  .description('destroy the keys of the deleted Secrets of a name at once, for good')
  .option('-n, --namespace <namespace>', 'namespace of the Secret', 'default')
  .option('--versions', 'destroy the keys of the values that a Secret had before its present ones instead')
  .action(later(async () => (await import('./secrets.js')).shredSecret));
const keys = program.command('keys').description('show the keys and certificates of a cluster, and make new ones');
keys
  .command('list', { isDefault: true })
  .description('show which there are, since when and until when; never a key itself')
  .action(later(async () => (await import('./keys.js')).listKeys));
keys
  .command('rotate')
  .description(
    'make new ones now, all unless some are named; earlier ones stay trusted until nothing needs them any more',
  )
  .option('--ca', 'the CA, with all certificates')
  .option('--front-proxy', 'the CA of the certificate by which aggregated API servers authenticate this server')
  .option('--tokens', 'the key that signs service-account tokens')
  .option('--master', 'the key that wraps the keys of Secrets')
  .option('--certificates', "the certificates of the API, the bus and the kubeconfig's user")
  .action(later(async () => (await import('./keys.js')).rotateKeys));
