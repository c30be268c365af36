import type { DnsQuestion, DnsReply } from '#model';
import type { PodNetwork } from './pod-network.js';

/** Serves DNS to the pods of one node. */
export interface NameServer {
  /**
   * Gives the address to the bridge and answers there and at the bridge's own address, by UDP and TCP, what pods of the bridge and
   * programs of this machine ask; nobody else gets an answer. Rejects, with one sentence for whoever runs the node, where neither
   * can be done. Harmless to repeat: it makes anew what was lost.
   */
  serve(wish: NameService): Promise<ServedNames>;
  stop(): Promise<void>;
}
export interface NameService {
  readonly address: string;
  readonly pods: PodNetwork;
  /** Undefined for names that others know: the servers of the host are asked. `unknown`: nobody knows yet. */
  readonly answer: (question: DnsQuestion) => DnsReply | 'unknown' | undefined;
}
export interface ServedNames {
  /** What pods are to ask: the wished address, or the bridge's own. */
  readonly address: string;
  /** Why it is not the wished one, which another agent of the machine may have. */
  readonly problem?: string;
}
