import { isJsonObject } from '#std';
import type { AssignedState } from './assigned.js';
import type { Contact } from './fence.js';
import type { NodeRanges } from './node-preparation.js';
import type { PullState } from './pull-records.js';
import type { AgentOptions } from './options.js';
import { pause } from '#engine';

const SAVE_AFTER_MS = 1000;
const VERSION = 1;

export interface AgentState extends AssignedState, NodeRanges {
  readonly pulls?: PullState;
  /** When the control plane last answered. */
  readonly contact?: Contact | undefined;
}

/** Persists the agent's assignments, so that a restarted agent manages its pods while the control plane is unreachable. */
export class AgentStateFile {
  private saving = false;
  private isChanged = false;
  private stopped = false;
  /** Ends with the last write that was begun: two at once would tear the file. */
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: AgentOptions,
    private readonly now: () => Partial<AgentState>,
  ) {}

  /** Returns undefined when there is no state, or none that can be read: the next sync replaces it. */
  async load(): Promise<AgentState | undefined> {
    try {
      const text = await this.options.volumes.loadState();
      if (text === undefined) return undefined;
      const state: unknown = JSON.parse(text);
      if (isAgentState(state)) return state;
      this.options.log?.('what was assigned is remembered in a form of another build: it is not used');
    } catch (error) {
      this.options.log?.(`what was assigned cannot be read: ${words(error)}`);
    }
    return undefined;
  }

  /** Writes it now; rejects when it cannot be written. */
  saveNow(): Promise<void> {
    this.isChanged = true;
    const written = this.writing.then(() => this.write());
    this.writing = written.catch(() => undefined);
    return written;
  }

  /** Writes it soon. */
  save(): void {
    this.isChanged = true;
    if (this.saving) return;
    this.saving = true;
    void this.saveUntilDone();
  }
  stop(): void {
    this.stopped = true;
  }

  private async saveUntilDone(): Promise<void> {
    const { clock, log } = this.options;
    while (this.isChanged) {
      await pause(clock, SAVE_AFTER_MS);
      if (this.stopped) return;
      try {
        await this.saveNow();
      } catch (error) {
        log?.(`saving what was assigned: ${words(error)}`);
        break;
      }
    }
    this.saving = false;
  }

  /** What others have written already, with all that there is now, is not written again. */
  private async write(): Promise<void> {
    if (!this.isChanged) return;
    if (this.stopped) throw new Error('the agent is stopping');
    this.isChanged = false;
    try {
      await this.options.volumes.saveState(JSON.stringify({ version: VERSION, ...this.now() }));
    } catch (cause) {
      this.isChanged = true;
      throw cause;
    }
  }
}

function isAgentState(state: unknown): state is AgentState {
  return (
    isJsonObject(state) &&
    state['version'] === VERSION &&
    typeof state['cluster'] === 'string' &&
    typeof state['position'] === 'number' &&
    Array.isArray(state['pods'])
  );
}
function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
