import { CuttingProxy } from './cutting-proxy.js';
import { StandInEsdb, type Member } from './server.js';
import { EsdbStore } from './store.js';

/** How long the others need to notice that a leader is silent, and to elect one of themselves. */
const ELECTION_MS = 1000;
const HOST = '127.0.0.1';

interface Node {
  readonly server: StandInEsdb;
  readonly proxy: CuttingProxy;
  isAlive: boolean;
}

/** Three stand-ins over the same events, as a replicated server shows itself; clients reach each through a proxy. */
export class StandInCluster {
  private constructor(
    readonly store: EsdbStore,
    private readonly nodes: Node[],
  ) {}

  static async start(): Promise<StandInCluster> {
    const cluster = new StandInCluster(new EsdbStore({}), []);
    for (let i = 0; i < 3; i++) await cluster.#add();
    return cluster;
  }

  get url(): string {
    return `esdb://${this.nodes.map(({ proxy }) => `${HOST}:${proxy.port}`).join(',')}?tls=false`;
  }

  /** The leader's machine stands still with its connections open; after a while another node leads. */
  freezeLeader(): { wake: () => void } {
    const frozen = this.#leader();
    frozen.proxy.freeze();
    setTimeout(() => {
      frozen.isAlive = false;
      frozen.server.gate.become('follower');
      this.#elect(this.nodes.find((one) => one !== frozen) as Node);
    }, ELECTION_MS);
    const wake = (): void => {
      frozen.isAlive = true;
      frozen.server.gate.wakeDeposed();
      frozen.proxy.thaw();
    };
    return { wake };
  }

  async stop(): Promise<void> {
    for (const { server, proxy } of this.nodes) {
      await proxy.close();
      server.stop();
    }
    this.store.close();
  }

  async #add(): Promise<void> {
    const server = await StandInEsdb.start({ port: 0, store: this.store, members: () => this.#members() });
    const node: Node = { server, proxy: await CuttingProxy.before(HOST, server.port), isAlive: true };
    this.nodes.push(node);
    this.#elect(this.nodes[0] as Node);
  }
  #leader(): Node {
    return this.nodes.find(({ server }) => server.gate.state === 'leader') as Node;
  }
  #elect(leader: Node): void {
    for (const { server } of this.nodes) {
      server.gate.become(server === leader.server ? 'leader' : 'follower');
      server.gate.leader = { host: HOST, port: leader.proxy.port };
    }
  }
  #members(): readonly Member[] {
    return this.nodes.map(({ server, proxy, isAlive }) => ({
      ...{ host: HOST, port: proxy.port, state: server.gate.state, isAlive },
    }));
  }
}
