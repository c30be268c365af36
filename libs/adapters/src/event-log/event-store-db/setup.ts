/** Given to the worker at its start. */
export interface EsdbSetup {
  /** May hold a password: it is never part of a message. */
  readonly url: string;
  /** Keeps clusters apart that share a server. */
  readonly cluster: string;
  /** `write` asks the server how large an event it takes; a reader need not know. */
  readonly mode: 'write' | 'read';
  /** How long one call waits for the server's answer. */
  readonly answerMs: number;
  /** How long an append or a read is tried again before it fails. */
  readonly giveUpMs: number;
}
