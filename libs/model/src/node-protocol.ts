/**
 * What the health app and a node's agent say to each other over the bus. Subjects are in `#engine` (subjects).
 *
 * agent → health, requests: `report.<node>.register`, `.sync`, `.pod`, `.node`, `.incident`, `.token`; one way: `heartbeat.<node>`.
 * health → agent, one way: `node.<node>.change`; to all agents, once: `shared.change`. API → agent, requests: `node.<node>.logs|exec|attach|portforward` (open a byte stream).
 */
import type { Json, JsonObject } from '#std';
import type { KubeObject } from './kube-object.js';

/** An object that a node needs, or (`object: null`) the news that it is gone. */
export interface AssignedObject {
  readonly stream: string;
  readonly uid: string;
  readonly position: number;
  readonly object: KubeObject | null;
}
/**
 * Kind of the streams, one for each node, of what every node needs of it: a Node reduced to its ranges for pods, its addresses and
 * how it is reached. It travels with what all nodes need alike; the whole Node goes to that node only.
 */
export const NODE_PLACES = 'node-places';
/** `assignmentDigest` of what one node holds: what all nodes need alike, and the rest. */
export interface Digests {
  readonly shared: string;
  readonly own: string;
}
/** Answer to `report.<node>.sync`: everything the node needs, decided at the log's head. */
export interface AssignmentSync {
  readonly cluster: string;
  readonly position: number;
  /** The next change of the node carries `sequence + 1`. */
  readonly sequence: number;
  /** The next change of what all nodes need alike carries `sharedSequence + 1`. */
  readonly sharedSequence: number;
  /** Parts that the agent holds exactly as it is to hold them: `objects` has nothing of them. */
  readonly same: readonly AssignmentPart[];
  readonly objects: readonly AssignedObject[];
  /** The network of all pods of the cluster: `10.244.0.0/16`. */
  readonly podCidr?: string;
  /** The same of IPv6; undefined: pods have addresses of IPv4 alone. */
  readonly podCidrIpv6?: string;
  /** Addresses of load balancers that nodes answer for: `192.0.2.10-192.0.2.20`. */
  readonly loadBalancerPool?: string;
}
/** Of an assignment: what is for one node, and what all nodes need alike (Services, EndpointSlices, Namespaces, {@link NODE_PLACES}, peers of NetworkPolicies). */
export type AssignmentPart = keyof Digests;
/** `node.<node>.change` and `shared.change`: numbered, each on its own; after a gap the agent asks for a sync. */
export interface AssignmentChange {
  readonly cluster: string;
  readonly position: number;
  readonly sequence: number;
  /** Of a change for one node: the newest of `shared.change` before it. An agent that has not seen that one asks for a sync. */
  readonly sharedSequence?: number;
  readonly objects: readonly AssignedObject[];
}
export interface SyncRequest {
  readonly node: string;
  readonly boot: string;
  /** What the agent holds, so that nothing travels when that is what it is to hold: see {@link Digests}. */
  readonly held?: Digests;
}
/** `report.<node>.register`: the Node object as the agent would have it (labels, addresses, capacity, info). */
export interface RegisterRequest {
  readonly boot: string;
  readonly node: KubeObject;
}
/** `join.<token>`: a machine that has a token asks to be a node. */
export interface JoinRequest {
  readonly node: string;
  /** PKCS #10 of the key that it will have on the bus, base64 of PEM. */
  readonly request: string;
  /** What its clock says, in milliseconds since 1970. */
  readonly now: number;
}
export type JoinAnswer =
  | {
      readonly is: 'admitted';
      /** The credential of this node, for the key in the request, and where its answers arrive. */
      readonly jwt: string;
      readonly inbox: string;
      readonly ca: string;
      readonly cluster: string;
    }
  /** Nobody has approved the CertificateSigningRequest of this name yet: ask again. */
  | { readonly is: 'waiting'; readonly request: string }
  /** A sentence for whoever types the command. */
  | { readonly is: 'refused'; readonly why: string };

/** `report.<node>.pod`: the whole status of one pod; state keeps the newest (boot, sequence) and drops other uids. */
export interface PodReport {
  readonly boot: string;
  readonly sequence: number;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly status: JsonObject;
  /** True when every container has stopped and all is cleaned up: the object may go (delete with grace 0). */
  readonly finished?: boolean;
  /** Position of the assignment that the agent acted on: why it did what it reports. */
  readonly assigned?: number;
  /** Strongest thing that happened, an event type: `ContainerRestarted`, `PodStarted`. */
  readonly event?: { readonly type: string; readonly facts?: JsonObject };
}
/** `report.<node>.node`: parts of the Node's status that changed. */
export interface NodeReport {
  readonly boot: string;
  readonly sequence: number;
  readonly status: JsonObject;
}
/** `report.<node>.incident`: what `kubectl events` shows. */
export interface IncidentReport {
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
    readonly uid: string;
    readonly fieldPath?: string;
  };
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** It stands for many that differ in their message only: they have one row. */
  readonly isCombined?: boolean;
  readonly count: number;
  readonly first: string;
  readonly last: string;
}
/** `report.<node>.token`: one of the service-account tokens that the volumes of a pod of this node ask for. */
export interface TokenForPod {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  /** '': the API server. */
  readonly audience: string;
  readonly expirationSeconds: number;
}
export interface TokenAnswer {
  readonly token: string;
  readonly expires: string;
}
export interface Heartbeat {
  readonly node: string;
  readonly boot: string;
  readonly sequence: number;
  /** Milliseconds until the next one: how long a silence means that the node is lost follows from it. */
  readonly everyMs?: number;
}
/** Answer to a report: taken, or why not. `gone` means: that pod's uid is not (or no longer) yours. */
export interface ReportAnswer {
  readonly taken: boolean;
  readonly reason?: string;
  readonly gone?: boolean;
  /** Of a report that was taken: the object's version since then. */
  readonly position?: number;
}
/** `node.<node>.logs`: the agent opens a byte stream `stream.<node>.<id>` and sends what Kubernetes' log endpoint would. */
export interface LogRequest {
  readonly stream: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly sinceSeconds?: number;
  readonly sinceTime?: string;
}
/**
 * `node.<node>.exec`, `node.<node>.attach`: the agent opens a byte stream that carries a program's input and output on the
 * channels of {@link sessionChannels}; the last thing the agent sends is a {@link SessionResult}.
 */
export interface SessionRequest {
  readonly stream: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
  /** What is to be run; undefined to join the container's own program. */
  readonly command?: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}
/** The numbers of Kubernetes' remote command protocol; `inputEnd` is of ours. */
export const sessionChannels = { input: 0, output: 1, errors: 2, result: 3, size: 4, inputEnd: 5 } as const;
/** How a session ended: with the program's exit code, or because of a problem. */
export interface SessionResult {
  readonly exitCode?: number;
  readonly problem?: string;
}
/** On `sessionChannels.size`: the client's terminal, as kubectl spells it. */
export interface TerminalSize {
  readonly Width: number;
  readonly Height: number;
}
/** `node.<node>.portforward`: the agent joins a byte stream to a port of the pod. */
export interface ForwardRequest {
  readonly stream: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly port: number;
}
export interface StreamOpened {
  readonly opened: boolean;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
}
export type { Json };
