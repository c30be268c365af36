import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { OnApplicationShutdown } from '@nestjs/common';
import {
  FileCheckpointStore,
  CertificateSigner,
  HttpsAsker,
  NatsAuthority,
  NatsBus,
  NodeAdmission,
  isBusOpen,
  joinState,
  openEventLog,
  openFileKeys,
  privateFolderWithParents,
  RandomIds,
  SqliteHistoryIndex,
  startNatsServer,
  SystemClock,
  REVOKED_KEYS,
  type KeyStore,
  type NatsCredentials,
  type NatsServer,
  type KeyRotation,
  type StoredKeys,
  withLogin,
} from '#adapters';
import {
  appPermissions,
  busRules,
  CommandGate,
  CommandRoute,
  freshView,
  type CommandPort,
  ControlPlane,
  subjects,
  untilView,
  WriterRole,
  noKeys,
} from '#engine';
import { Heartbeats } from '#node-gateway';
import { accessPolicy, BOOTSTRAP_PREFIX, bootstrapToken, isBootstrapped, registry } from '#kinds';
import { apiLoops, nodeLoops, scalerLoops, schedulingLoops, workloadLoops } from '#loops';
import type { OutsideFacts } from '#model';
import { FRONT_PROXY_NAME, type EventLog } from '#ports';
import { Fault } from '#std';
import { explain, say, stopBecause } from '#terminal';
import { codeHash } from './code-hash.js';
import { apiEndpoints, ownAddresses } from './host.js';
import { followAuthorities, GivenCredentials, readLogin } from './given-credentials.js';
import { keyUpkeep } from './key-upkeep.js';
import { prepareHome, requireFreePort, requireNatsServer } from './preconditions.js';
import type { Settings } from './settings.js';

/** Where a process got its place on the bus from. */
interface BusPlace {
  readonly credentials: NatsCredentials;
  readonly keys: StoredKeys | undefined;
  readonly admission: NodeAdmission | undefined;
  /** Keeps the keys fresh while the process runs. */
  readonly upkeep: KeyRotation | undefined;
  /** Whether this process makes and destroys keys now: one does, the one with the writer. */
  rotates: boolean;
  stop(): Promise<void>;
}

/**
 * What every control-plane process stands on: the log, one view of it, the bus, and where commands go. In standalone all
 * modules share one. Opened before Nest wires anything, closed after everything that uses it.
 */
export class Platform implements OnApplicationShutdown {
  readonly heartbeats: Heartbeats;
  private readonly endpoints: ReturnType<typeof apiEndpoints>;

  private constructor(
    readonly settings: Settings,
    readonly plane: ControlPlane,
    /** Where this process may have the writer's role: the role, and what stands before the writer. */
    readonly writing: Writing | undefined,
    readonly bus: NatsBus,
    /** Byte streams: a slow reader must cost them alone. */
    readonly streamBus: NatsBus,
    private readonly place: BusPlace,
    private readonly log: EventLog,
  ) {
    this.heartbeats = new Heartbeats(plane.options.clock);
    this.endpoints = apiEndpoints(settings);
    plane.reads.onChanges((changes) => this.heartbeats.observe(changes));
    bus.onConnection((connected) => this.heartbeats.connection(connected));
  }

  static async open(settings: Settings): Promise<Platform> {
    requireNatsServer(settings);
    prepareHome(settings.home);
    const mayWrite = settings.apps.includes('api');
    if (mayWrite) await requireFreePort(settings);
    const log = await openLog(settings, mayWrite);
    const place = await (settings.credentials === undefined ? ownPlace(settings) : givenPlace(settings.credentials));
    const plane = createPlane(settings, log, place);
    await plane.start();
    const bus = await connect(place.credentials, settings.process);
    const streamBus = mayWrite ? await connect(place.credentials, `${settings.process}-streams`) : bus;
    const { home, process: name } = settings;
    // For `npm run down`: which process to stop.
    writeFileSync(join(home, `${name}.pid`), `${process.pid}\n`);
    const writing = mayWrite ? await openWriting(plane, bus) : undefined;
    if (writing && place.keys) startShredding(plane, place.keys, { settings, role: writing.role });
    if (writing) noteCluster(home, plane.reads.projection.cluster);
    writing?.role.whileHeld(() => {
      place.rotates = true;
      return () => (place.rotates = false);
    });
    await place.upkeep?.start();
    followAuthorities(plane, () => place.credentials.ca + (place.keys?.frontProxyCa ?? ''));
    return new Platform(settings, plane, writing, bus, streamBus, place, log);
  }

  /** Where a client of the bus that runs in this process submits its commands. */
  commandsOf(client: BusClient): CommandPort {
    const { writing, bus, plane } = this;
    // The writer's for good: no command ever goes elsewhere.
    if (writing && !this.log.shared) return writing.gate.of(client);
    const { reads, options } = plane;
    const here = writing && { here: writing };
    return new CommandRoute({ client, bus, reads, clock: options.clock, untilShown: client === 'api', ...here });
  }

  /** The key store. Only the processes that the design gives keys to may ask. */
  get keys(): StoredKeys {
    if (this.place.keys === undefined) throw new Fault(`${this.settings.process} has no key store`, false);
    return this.place.keys;
  }

  get caCertificate(): string {
    return this.place.credentials.ca;
  }

  get busUrl(): string {
    return this.place.credentials.url;
  }

  /** Keeps the keys fresh. Only the processes with the key store may ask. */
  get upkeep(): KeyRotation {
    if (this.place.upkeep === undefined) throw new Fault(`${this.settings.process} has no key store`, false);
    return this.place.upkeep;
  }

  /** Which nodes may be on the bus. Only the processes with the key store may ask. */
  get admission(): NodeAdmission {
    if (this.place.admission === undefined)
      throw new Fault(`${this.settings.process} cannot admit others to the bus`, false);
    return this.place.admission;
  }

  /** Facts for the loops that are not in the log. */
  outside(): OutsideFacts {
    const { keys } = this.place;
    const { loadBalancerPool, podCidrIpv6, nodeCidrMaskIpv6, serviceCidrIpv6 } = this.settings;
    return {
      caCertificate: this.caCertificate,
      ...(keys && { frontProxy: { ca: keys.frontProxyCa, name: FRONT_PROXY_NAME } }),
      apiEndpoints: this.endpoints(),
      podCidr: this.settings.podCidr,
      nodeCidrMask: this.settings.nodeCidrMask,
      ...(podCidrIpv6 !== undefined && { podCidrIpv6, nodeCidrMaskIpv6 }),
      ...(serviceCidrIpv6 !== undefined && { serviceCidrIpv6 }),
      ...(loadBalancerPool !== undefined && { loadBalancerPool }),
      ...this.heartbeats.outside(),
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.place.upkeep?.stop();
    this.writing?.role.stop();
    await this.plane.stop();
    await this.plane.options.history?.close();
    await this.bus.close();
    if (this.streamBus !== this.bus) await this.streamBus.close();
    await this.place.stop();
    await this.log.close();
  }
}

function startShredding(
  plane: ControlPlane,
  keys: StoredKeys,
  { settings: { home, keepDeletedSecretsMs }, role }: { settings: Settings; role: WriterRole },
): void {
  const { cluster } = plane.reads.projection;
  const others = keys.noteCluster(cluster);
  if (others.length > 0)
    say(
      `The data folder ${home} is also that of the cluster ${others.join(', ')}, and this event log is of cluster ${cluster}. ` +
        `A node that has the other cluster's pods takes none of this one's: name that cluster's log with SHIPLOG_EVENT_LOG ` +
        `or another folder with SHIPLOG_HOME, or run "npm run down", which removes the containers and data of all of them.`,
    );
  plane.shredDeleted({
    ...{ keys, keepMs: keepDeletedSecretsMs, isShared: others.length > 0 },
    isWriter: () => role.isHeld,
    onError: (uid, cause) =>
      say(`The key of object ${uid} could not be destroyed, it is tried again: ${explain(cause)}`),
  });
  // What the writer before had left to do; at the start it has looked just now.
  let isLater = false;
  role.whileHeld(() => {
    if (isLater) plane.shredder?.lookForMissed();
    return () => undefined;
  });
  isLater = true;
}

/** For `npm run down`: whose containers to remove. The log may be unreadable by then. */
function noteCluster(home: string, cluster: string): void {
  const path = join(home, 'cluster');
  const known = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  writeFileSync(path, `${[...new Set([cluster, ...known])].join('\n')}\n`);
}

/** What a process has that may be the writer. */
interface Writing {
  readonly role: WriterRole;
  readonly gate: CommandGate;
}

async function openWriting(plane: ControlPlane, bus: NatsBus): Promise<Writing> {
  const role = new WriterRole({ plane, bus, cluster: plane.options.ids.uid(), say });
  await role.start();
  return { role, gate: gateBefore(role, plane) };
}

function createPlane(settings: Settings, log: EventLog, { keys }: BusPlace): ControlPlane {
  return new ControlPlane({
    log,
    kinds: registry,
    keys: keys ?? noKeys,
    clock: new SystemClock(),
    ids: new RandomIds(),
    askers: { https: new HttpsAsker(), ...(keys && { signer: new CertificateSigner(keys) }) },
    build: codeHash(),
    ...(settings.apps.includes('api') && { history: openHistory(settings) }),
    checkpoints: new FileCheckpointStore(join(settings.home, 'checkpoints', settings.process)),
    ...(settings.eventsPerCheckpoint !== undefined && { eventsPerCheckpoint: settings.eventsPerCheckpoint }),
    ...(settings.windowBytes !== undefined && { windowBytes: settings.windowBytes }),
    ...(settings.pastBytes !== undefined && { pastBytes: settings.pastBytes }),
    soon: setImmediate,
    onFatal: stopBecause,
    onComplaint: say,
    onRefusal: (loop, key, refusal) => say(`${loop} ${key}: ${refusal.message}`),
    onFault: (loop, key, cause) => say(`${loop} ${key} failed and is tried again later: ${explain(cause)}`),
  });
}

/** The API alone is asked about the past. */
function openHistory({ home, process: name }: Settings): SqliteHistoryIndex {
  return new SqliteHistoryIndex(join(home, 'history', `${name}.db`));
}

/** What each client of the bus runs, and so what it may act as. */
const LOOPS = {
  api: apiLoops,
  controllers: workloadLoops,
  scheduler: schedulingLoops,
  scaler: scalerLoops,
  health: nodeLoops,
} as const;
export type BusClient = keyof typeof LOOPS;

function gateBefore(writer: CommandPort, { reads }: ControlPlane): CommandGate {
  return new CommandGate({
    writer,
    kinds: registry,
    authorizer: accessPolicy,
    view: () => reads.projection,
    fresh: () => freshView(reads),
    ready: untilView(reads, isBootstrapped),
    loops: LOOPS,
    machine: (name, view) =>
      name.startsWith(BOOTSTRAP_PREFIX) ? bootstrapToken(view, name.slice(BOOTSTRAP_PREFIX.length))?.user : undefined,
    onRefusal: (client, { message }, times) => say(`bus: refused a command of ${client} (${times} so far): ${message}`),
  });
}

async function openLog(settings: Settings, isWriter: boolean): Promise<EventLog> {
  const { eventLog, eventLogLogin, cluster } = settings;
  const path = /^sqlite:(.+)$/.exec(eventLog)?.[1];
  // Elsewhere the folder is somebody's who knows who else may use it.
  if (path !== undefined && dirname(path).startsWith(`${settings.home}/`)) privateFolderWithParents(dirname(path));
  const spec = eventLogLogin === undefined ? eventLog : withLogin(eventLog, readLogin(eventLogLogin));
  return openEventLog(spec, { mode: isWriter ? 'write' : 'read', cluster, faults: settings.testLogFaults });
}

/** A process with the key store admits itself; it also runs the server when none is named. */
async function ownPlace(settings: Settings): Promise<BusPlace> {
  const keys = await openFileKeys(settings.home, {
    onBroken: (uid) => say(`The key of the object ${uid} is damaged: restore the key store from a backup.`),
  });
  const authority = await NatsAuthority.open(keys.store);
  const server =
    settings.natsUrl === undefined
      ? await startNatsServer({
          ...{ home: settings.home, keys, authority, onProblem: say, isOpen: isBusOpen(keys.store) },
          ...(settings.busPort !== undefined && { port: settings.busPort }),
          names: () => [...ownAddresses(), hostname(), ...settings.apiNames],
        })
      : undefined;
  const permissions = appPermissions(settings.apps, settings.process);
  // Without the app of their own, loops run beside the controllers, as the client that they are.
  const beside = (['health', 'scaler'] as const).filter(
    (app) => settings.apps.includes('controllers') && !settings.apps.includes(app),
  );
  const publish = [...permissions.publish, ...beside.map((app) => subjects.commandsOf(app))];
  const user = await authority.issueUser(settings.process, { ...permissions, publish });
  const credentials = {
    url: server?.url ?? settings.natsUrl ?? '',
    get ca() {
      return keys.caCertificate;
    },
    ...user,
  };
  const stopFollowing = server ? followAdmissions(keys.store, server) : () => undefined;
  const clock = new SystemClock();
  const admission = new NodeAdmission(keys.store, authority, clock);
  const upkeep = keyUpkeep({ keys, clock, rotates: () => place.rotates });
  if (server) await upkeep.keep(() => server.renewCertificate());
  const stop = async (): Promise<void> => {
    stopFollowing();
    await server?.stop();
  };
  const place: BusPlace = { credentials, keys, admission, upkeep, rotates: false, stop };
  return place;
}

const REVOCATIONS_MS = 1_000;

/** Tells the server of nodes that are revoked or allowed, and of tokens, by another process: the command line, or the health app. */
function followAdmissions(store: KeyStore, server: NatsServer): () => void {
  const state = (): string => store.list(REVOKED_KEYS).join() + joinState(store);
  let told = state();
  const look = async (): Promise<void> => {
    const now = state();
    if (now === told) return;
    told = now;
    server.reload(await NatsAuthority.open(store));
    if (isBusOpen(store)) await server.open();
  };
  const timer = setInterval(
    () => void look().catch((cause: unknown) => say(`the bus was not told of nodes and tokens: ${explain(cause)}`)),
    REVOCATIONS_MS,
  ).unref();
  return () => clearInterval(timer);
}

function givenPlace(path: string): Promise<BusPlace> {
  const credentials = new GivenCredentials(path);
  const nothing = { keys: undefined, admission: undefined, upkeep: undefined, rotates: false };
  return Promise.resolve({ credentials, ...nothing, stop: () => Promise.resolve() });
}

export function connect(credentials: NatsCredentials, name: string, signal?: AbortSignal): Promise<NatsBus> {
  let told = '';
  let times = 0;
  // A client that is refused tries five times a second: the same sentence is said at the 1st, 2nd, 4th, 8th … time in a row.
  const onProblem = (problem: string): void => {
    times = problem === told ? times + 1 : 1;
    told = problem;
    if ((times & (times - 1)) === 0) say(`bus: ${problem}${times === 1 ? '' : ` (${times} times)`}`);
  };
  return NatsBus.connect(credentials, { name, rules: busRules, onProblem, ...(signal && { signal }) });
}
