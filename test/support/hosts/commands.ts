import { createServer, request, type Server } from 'node:http';
import type { HostCluster } from './host-cluster.js';

type Act = (cluster: HostCluster, words: readonly string[]) => Promise<void>;

/** A command that another process gives to running hosts. */
interface Command {
  /** What it takes, for people; an optional word is in brackets. */
  readonly words: readonly string[];
  readonly does: string;
  readonly act: Act;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  cut: {
    words: ['host', '[host]'],
    does: 'pull the cable of a host, or drop what goes between two',
    act: ({ hosts }, [a = '', b]) => (b === undefined ? hosts.links.cut(a) : hosts.links.cutPair(a, b)),
  },
  'cut-from': {
    words: ['host', 'host'],
    does: 'drop what the first host sends to the second, and nothing else',
    act: ({ hosts }, [from, to]) => hosts.links.cutOneWay(from, to),
  },
  refuse: {
    words: ['network'],
    does: 'drop what has an address of this network, as clouds do with those of pods',
    act: ({ hosts }, [cidr = '']) => hosts.links.dropAddresses(cidr),
  },
  lose: {
    words: ['host', 'percent'],
    does: "lose this share of a host's packets, each way",
    act: ({ hosts }, [name = '', percent]) => hosts.links.lose(name, numberIn(percent, 100)),
  },
  slow: {
    words: ['host', 'megabits'],
    does: 'let so many megabits a second through, each way',
    act: ({ hosts }, [name = '', megabits]) => hosts.links.slow(name, numberIn(megabits, 100_000)),
  },
  delay: {
    words: ['host', 'milliseconds'],
    does: 'hold each packet for so long, each way',
    act: ({ hosts }, [name = '', ms]) => hosts.links.delay(name, numberIn(ms, 60_000)),
  },
  heal: {
    words: ['[host]'],
    does: 'end the faults of a link, or of all',
    act: ({ hosts }, [name]) => hosts.links.heal(name),
  },
  off: { words: ['host'], does: 'power off', act: ({ hosts }, [name = '']) => hosts.get(name).powerOff() },
  on: {
    words: ['host'],
    does: 'power on, with engine and agent, or control plane',
    act: (cluster, [name = '']) => cluster.boot(cluster.hosts.get(name)),
  },
  freeze: {
    words: ['host'],
    does: 'let the engine stand still; its containers go on',
    act: ({ hosts }, [name = '']) => hosts.get(name).freezeEngine(),
  },
  thaw: {
    words: ['host'],
    does: 'let the engine go on',
    act: ({ hosts }, [name = '']) => hosts.get(name).thawEngine(),
  },
};

/** All commands with what they do, a line each. */
export function help(): string {
  return Object.entries(COMMANDS)
    .map(([name, { words, does }]) => `  ${[name, ...words].join(' ').padEnd(26)}${does}`)
    .join('\n');
}

/** Takes commands on a socket, one after the other. */
export async function serveCommands(cluster: HostCluster, socket: string): Promise<Server> {
  let last: Promise<unknown> = Promise.resolve();
  const server = createServer((message, answer) => {
    let text = '';
    message.on('data', (chunk: Buffer) => (text += chunk.toString()));
    message.on('end', () => {
      last = last
        .then(() => carriedOut(cluster, JSON.parse(text) as readonly string[]))
        .then(
          () => answer.end(),
          (cause: unknown) => answer.writeHead(400).end(cause instanceof Error ? cause.message : String(cause)),
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return server;
}

/** Has a command carried out by the process that listens on a socket. Rejects with what that says. */
export function sendCommand(socket: string, words: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: socket, method: 'POST', agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error(text))));
    });
    call.on('error', () => reject(new Error('No test hosts run: start them with "npm run hosts -- --nodes 3".')));
    call.end(JSON.stringify(words));
  });
}

async function carriedOut(cluster: HostCluster, [name = '', ...words]: readonly string[]): Promise<void> {
  const command = COMMANDS[name];
  if (command === undefined) throw new Error(`There is no command "${name}". There are:\n${help()}`);
  const required = command.words.filter((word) => !word.startsWith('['));
  if (words.length < required.length || words.length > command.words.length)
    throw new Error(`Write it like this: ${name} ${command.words.join(' ')}`);
  const known = [...cluster.hosts.all.map((host) => host.name), 'machine'];
  command.words.forEach((what, i) => {
    const word = words[i];
    if (/host/.test(what) && word !== undefined && !known.includes(word))
      throw new Error(`There is no host "${word}": there are ${known.join(', ')} (this one here).`);
  });
  await command.act(cluster, words);
}

function numberIn(text: string | undefined, max: number): number {
  const value = Number(text);
  if (!(value > 0 && value <= max)) throw new Error(`"${text}" is no number from 1 to ${max}.`);
  return value;
}
