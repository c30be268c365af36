import type { PathStance, PodWay } from '#model';

/**
 * Asks the agents of other nodes whether packets between the addresses of pods pass by a way, and answers theirs. Such an address is the
 * first one of a node's range; by which way a packet goes is up to the routes that a `PodRouter` has made for the two.
 *
 * Promises that every adapter keeps:
 * - an answer that is told is one to the newest question of that way to that address: whoever sees no questions cannot make one up;
 * - what is neither question nor answer, and what comes from another port, costs nothing but looking at it;
 * - a question is answered with as many bytes as it has, once.
 * What cannot be sent is lost without a word, as it would be in the network.
 */
export interface PathProber {
  /** Listens at an address of this node, at no other one any more. Rejects with a sentence where it cannot. */
  open(address: string, listener: PathListener): Promise<void>;
  ask(question: PathQuestion): void;
  /** Answers of that address are not waited for any more. */
  forget(address: string): void;
  close(): Promise<void>;
}
export interface PathQuestion {
  readonly to: string;
  readonly way: PodWay;
  readonly stance: PathStance;
}
export interface PathListener {
  /** Anybody can say to be the one who asks. Returns what is answered; undefined: nothing is. */
  asked(word: PathWord): PathStance | undefined;
  answered(word: PathWord): void;
}
export interface PathWord {
  readonly from: string;
  readonly way: PodWay;
  readonly stance: PathStance;
}
