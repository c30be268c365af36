import type { VirtualClock } from '#adapters';
import { WriterElsewhere } from '#engine';
import { LogFull } from '#ports';
import { Fault } from '#std';
import type { MemoryCheckpoints } from './checkpoints.js';
import { ControlProcess, type ControlParts, type Role } from './control-process.js';

export interface SlotOptions {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly clock: VirtualClock;
  readonly checkpoints: MemoryCheckpoints;
  /** What a life is made of; drawn anew for each. */
  readonly parts: (
    slot: ProcessSlot,
  ) => Omit<ControlParts, 'name' | 'roles' | 'checkpoints' | 'onDeath' | 'onFatal' | 'onViolation'>;
  readonly restartMs: () => number;
  readonly onViolation: (checker: string, message: string) => void;
}

/**
 * A place where one process of the control plane runs after another: what dies is started again, as by a supervisor. The
 * supervisor may also take a process for dead that only stands still; then there are two for a while.
 */
export class ProcessSlot {
  process: ControlProcess;
  /** Processes that were replaced while they stood still. */
  private ghosts: ControlProcess[] = [];
  private lives = 0;

  constructor(private readonly options: SlotOptions) {
    this.process = this.newLife();
  }

  get name(): string {
    return this.options.name;
  }
  get roles(): readonly Role[] {
    return this.options.roles;
  }
  get checkpoints(): MemoryCheckpoints {
    return this.options.checkpoints;
  }
  /** Every process here that somebody may still be connected to. */
  get processes(): readonly ControlProcess[] {
    return [this.process, ...this.ghosts].filter((process) => process.alive);
  }
  get isServing(): boolean {
    return this.process.isServing;
  }

  launch(): void {
    const { process } = this;
    process.start().catch((cause: unknown) => {
      if (!process.alive) return;
      process.die();
      // A log that cannot be reached or has no room ends a start; a supervisor tries again.
      if (!(cause instanceof Fault && (cause.retryable || cause instanceof LogFull)))
        this.options.onViolation('the control plane starts', `${this.name}: ${stackOf(cause)}`);
      this.replace();
    });
  }

  /** SIGKILL; another life begins after a while. */
  kill(): void {
    this.process.die();
    this.replace();
  }
  /** Nothing reaches the process for a while. */
  pause(ms: number): void {
    const { process } = this;
    process.gate.stand();
    this.after(ms, () => process.gate.goOn());
  }
  /** The process stands still for so long that it is taken for dead: another life begins while it is still there. */
  usurp(ms: number): void {
    const { process } = this;
    this.pause(ms);
    this.ghosts = [...this.processes.filter((one) => one !== process), process];
    this.process = this.newLife();
    this.launch();
  }
  /** The process hears nobody on the bus and nobody hears it, for a while. */
  cutOff(ms: number): void {
    const { process } = this;
    process.connected = false;
    this.after(ms, () => (process.connected = true));
  }
  checkpoint(): void {
    if (this.isServing && !this.process.gate.isStill) void this.process.plane.reads.checkpoint();
  }
  heal(): void {
    for (const process of this.processes) {
      process.connected = true;
      process.gate.goOn();
    }
  }
  /** Those that were replaced are noticed and killed in the end. */
  endGhosts(): void {
    for (const ghost of this.ghosts) ghost.die();
    this.ghosts = [];
  }
  /** All of it dies and comes back, with nothing but what is stored. */
  restart(): void {
    this.endGhosts();
    this.kill();
  }

  private newLife(): ControlProcess {
    const { name, roles, checkpoints, parts, onViolation } = this.options;
    const process: ControlProcess = new ControlProcess(
      {
        ...{ name, roles, checkpoints, onViolation },
        ...parts(this),
        onDeath: () => this.process === process && this.replace(),
        onFatal: (cause) => {
          process.die();
          if (!isOrderlyEnd(cause)) onViolation('the control plane goes on', `${name}: ${stackOf(cause)}`);
          if (this.process === process) this.replace();
        },
      },
      this.lives++,
    );
    return process;
  }
  private replace(): void {
    const process = (this.process = this.newLife());
    this.after(this.options.restartMs(), () => this.process === process && this.launch());
  }
  private after(ms: number, work: () => void): void {
    this.options.clock.after(ms, work);
  }
}

/** A process that finds that another one has its role ends itself. */
function isOrderlyEnd(cause: unknown): boolean {
  return cause instanceof WriterElsewhere;
}
function stackOf(cause: unknown): string {
  return String(cause instanceof Error ? cause.stack : cause);
}
