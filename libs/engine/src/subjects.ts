import { MEASUREMENT_BYTES_MAX, type Command } from '#model';
import type { SubjectRule } from '#ports';

/** Every name on the bus, and who may use which. No other file spells a subject. */

/** Stands where a name may be absent: cluster-wide objects, a name that is still to be generated. */
const NONE = '_';

/**
 * One token of a subject. Names may hold dots, which would part a token, and NATS gives `*`, `>` and blanks a meaning:
 * all of them, `%` itself and a lone `_` are percent-encoded.
 */
export function subjectToken(text: string | undefined): string {
  if (text === undefined || text === '') return NONE;
  if (text === NONE) return '%5F';
  return text.replace(/[^A-Za-z0-9_:@=+~-]/gu, (character) => encodeURIComponent(character).replace(/^[.*!'()]$/, hex));
}

/** The text that a token stands for. */
export function tokenText(token: string): string {
  if (token === NONE) return '';
  return token.includes('%') ? decodeURIComponent(token) : token;
}

function hex(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** `apps.deployments` is two tokens already; a group with dots (`networking.k8s.io.ingresses`) needs its dots encoded. */
function kindTokens(kind: string): string {
  const end = kind.lastIndexOf('.');
  return `${subjectToken(kind.slice(0, end))}.${subjectToken(kind.slice(end + 1))}`;
}

export const subjects = {
  /** The public feed: `events.apps.deployments.default.web.DeploymentScaled`. */
  event(kind: string, namespace: string | undefined, name: string, type: string): string {
    return `events.${kindTokens(kind)}.${subjectToken(namespace)}.${subjectToken(name)}.${subjectToken(type)}`;
  },
  /** To the writer, from one client: `command.controllers.apps.deployments.default.web.patch`. */
  command(client: string, command: Pick<Command, 'kind' | 'namespace' | 'name' | 'verb'>): string {
    const { kind, namespace, name, verb } = command;
    return `command.${subjectToken(client)}.${kindTokens(kind)}.${subjectToken(namespace)}.${subjectToken(name)}.${verb}`;
  },
  /** Several commands in one message: `_` stands for what differs, as in `command.scheduler.core.pods.default._.create`. */
  commandsTogether(client: string, commands: readonly Pick<Command, 'kind' | 'namespace' | 'name' | 'verb'>[]): string {
    const [first] = commands;
    const shared = (text: (command: (typeof commands)[number]) => string): string =>
      first && commands.every((command) => text(command) === text(first)) ? text(first) : NONE;
    const kind = shared((command) => command.kind);
    return [
      'command',
      subjectToken(client),
      kind === NONE ? `${NONE}.${NONE}` : kindTokens(kind),
      shared(({ namespace }) => subjectToken(namespace)),
      shared(({ name }) => subjectToken(name)),
      shared(({ verb }) => verb),
    ].join('.');
  },
  commands: 'command.>',
  /** All that one client may submit. */
  commandsOf(client: string): string {
    return `command.${subjectToken(client)}.>`;
  },
  /** To an agent: `node.n1.logs`. */
  node(node: string, verb: string): string {
    return `node.${subjectToken(node)}.${verb}`;
  },
  nodeAll(node: string): string {
    return `node.${subjectToken(node)}.>`;
  },
  nodeInbox(node: string): string {
    return `node.${subjectToken(node)}.inbox`;
  },
  /** To all agents alike: what every node needs. */
  allNodes: 'shared.change',
  /** From an agent: `report.n1.sync`. */
  report(node: string, what: string): string {
    return `report.${subjectToken(node)}.${what}`;
  },
  reports(what: string): string {
    return `report.*.${what}`;
  },
  /** From a machine that has a token and no credential: `join.abc123`. The id is proven, as a node's name is elsewhere. */
  joins: 'join.*',
  heartbeat(node: string): string {
    return `heartbeat.${subjectToken(node)}`;
  },
  heartbeats: 'heartbeat.*',
  /** From an agent: what its node and pods use now. */
  measurements(node: string): string {
    return `measure.${subjectToken(node)}`;
  },
  allMeasurements: 'measure.*',
  /** To an agent, without an answer: its last sample again, in a frame that stands alone. */
  keySample(node: string): string {
    return `node.${subjectToken(node)}.key-sample`;
  },
  /** To an app: `query.health.leases`. */
  query(app: string, what: string): string {
    return `query.${app}.${what}`;
  },
  /** Base of one byte stream's two directions. */
  stream(node: string, id: string): string {
    return `stream.${subjectToken(node)}.${subjectToken(id)}`;
  },
  /** Where an app's answers arrive. */
  inbox(app: string): string {
    return `inbox.${subjectToken(app)}`;
  },
} as const;

/** The node that a subject of an agent names: its second token. Authenticated, since an agent can publish no other. */
export function nodeOfSubject(subject: string): string {
  return tokenText(subject.split('.')[1] ?? NONE);
}

/** The id of the token that a machine joins with: the second token of its subject, which the bus itself has put there. */
export function tokenOfSubject(subject: string): string {
  return tokenText(subject.split('.')[1] ?? NONE);
}

/** The client that a command came from: the second token of its subject. Authenticated, since NATS lets no other publish it. */
export function clientOfSubject(subject: string): string {
  return tokenText(subject.split('.')[1] ?? NONE);
}

/** What one client of the bus may do, in NATS' wild cards. */
export interface BusPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  readonly inbox: string;
}

/** An agent: its own node and nothing else. Answers it may publish because NATS allows a response to what it received. */
export function agentPermissions(node: string): BusPermissions {
  const own = subjectToken(node);
  return {
    publish: [`report.${own}.>`, `heartbeat.${own}`, `measure.${own}`, `stream.${own}.>`],
    subscribe: [`node.${own}.>`, subjects.allNodes, `stream.${own}.>`],
    inbox: subjects.nodeInbox(node),
  };
}

const APPS: Readonly<Record<string, Omit<BusPermissions, 'inbox'>>> = {
  api: {
    publish: ['command.api.>', 'node.*.*', 'stream.>', 'query.>'],
    subscribe: ['command.>', 'stream.>', 'query.api.>'],
  },
  controllers: { publish: ['command.controllers.>'], subscribe: ['query.controllers.>'] },
  scheduler: { publish: ['command.scheduler.>'], subscribe: ['query.scheduler.>'] },
  scaler: {
    publish: ['command.scaler.>', 'node.*.key-sample', 'query.api.metric'],
    subscribe: ['measure.*', 'query.scaler.>'],
  },
  health: {
    publish: ['command.health.>', 'node.>', 'shared.change'],
    subscribe: ['report.>', 'heartbeat.*', 'query.health.>', 'join.*'],
  },
  feed: { publish: ['events.>'], subscribe: ['query.feed.>'] },
  /** An outside subscriber of the feed. */
  reader: { publish: [], subscribe: ['events.>'] },
};

/** Clients of the bus that are no agents. */
export const BUS_APPS: readonly string[] = Object.keys(APPS);

/** A control-plane process that runs these apps. */
export function appPermissions(apps: readonly string[], name = apps.join('-')): BusPermissions {
  const inbox = subjects.inbox(name);
  const parts = apps.map((app) => APPS[app] ?? { publish: [], subscribe: [`query.${subjectToken(app)}.>`] });
  const union = (lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())].sort();
  return {
    publish: union(parts.map((part) => part.publish)),
    subscribe: union([...parts.map((part) => part.subscribe), [`${inbox}.>`]]),
    inbox,
  };
}

const KIB = 1024;
const MIB = 1024 * KIB;
/** Size limit of what an agent sends. A status has to fit in its object, and an object in a request of the API. */
const REPORT_BYTES_MAX: Readonly<Record<string, number>> = {
  register: 1.5 * MIB,
  node: 1.5 * MIB,
  pod: 1.5 * MIB,
  incident: 64 * KIB,
  sync: 4 * KIB,
  token: 4 * KIB,
};
/** A request for a certificate, labels and taints. */
const JOIN_BYTES_MAX = 32 * KIB;
const SMALL_BYTES_MAX = 4 * KIB;
/** One frame of a byte stream, or the answer that opened it. */
const STREAM_BYTES_MAX = 128 * KIB;
/** What a kubelet would serve of a node that is full. */
const METRICS_BYTES_MAX = 16 * MIB;
/** Between processes of the control plane, and what it hands to its agents. */
const TRUSTED_BYTES_MAX = 1024 * MIB;
const APP_INBOX = 'inbox.';
/** Where NATS has the answers of a service arrive that another account imports. */
const IMPORTER_INBOX = '_R_.';

/** The {@link SubjectRule} of each subject: an agent is answered in its own inbox only, and sends no more than its reports need. */
export function busRules(subject: string): SubjectRule {
  const [family = '', node = NONE, ...rest] = subject.split('.');
  const agentInbox = `node.${node}.inbox.`;
  const fromAgent = { senderInbox: agentInbox, listenerInbox: APP_INBOX, answerBytesMax: TRUSTED_BYTES_MAX };
  switch (family) {
    case 'report':
      return { ...fromAgent, bytesMax: REPORT_BYTES_MAX[rest.join('.')] ?? SMALL_BYTES_MAX };
    case 'join':
      return { ...fromAgent, senderInbox: IMPORTER_INBOX, bytesMax: JOIN_BYTES_MAX };
    case 'heartbeat':
      return { ...fromAgent, bytesMax: SMALL_BYTES_MAX };
    case 'measure':
      return { ...fromAgent, bytesMax: MEASUREMENT_BYTES_MAX };
    case 'stream':
      return rest.at(-1) === 'client'
        ? { ...fromAgent, bytesMax: STREAM_BYTES_MAX }
        : {
            senderInbox: APP_INBOX,
            listenerInbox: agentInbox,
            bytesMax: STREAM_BYTES_MAX,
            answerBytesMax: STREAM_BYTES_MAX,
          };
    case 'node':
      return {
        senderInbox: APP_INBOX,
        listenerInbox: agentInbox,
        bytesMax: TRUSTED_BYTES_MAX,
        answerBytesMax: rest[0] === 'metrics' ? METRICS_BYTES_MAX : STREAM_BYTES_MAX,
      };
    case 'shared':
      return {
        senderInbox: APP_INBOX,
        listenerInbox: 'node.*.inbox.',
        bytesMax: TRUSTED_BYTES_MAX,
        answerBytesMax: SMALL_BYTES_MAX,
      };
    default:
      return {
        senderInbox: APP_INBOX,
        listenerInbox: APP_INBOX,
        bytesMax: TRUSTED_BYTES_MAX,
        answerBytesMax: TRUSTED_BYTES_MAX,
      };
  }
}
