import type { AppendFate, MemoryBusHub, MemoryLogStore, VirtualClock } from '#adapters';
import { noKeys } from '#engine';
import { builtinAdmission, builtinKinds, createRegistry } from '#kinds';
import type { Prng } from '#std';
import { MemoryCheckpoints } from './checkpoints.js';
import { Terms } from './checkers/terms.js';
import type { ControlParts, ControlProcess, Role } from './control-process.js';
import type { Faults, Shape } from './faults.js';
import { simulatedKeys } from './keys.js';
import { ProcessSlot } from './slot.js';
import type { Steps } from './steps.js';

export interface SlotsParts {
  readonly shape: Shape;
  readonly store: MemoryLogStore;
  readonly hub: MemoryBusHub;
  readonly clock: VirtualClock;
  readonly steps: Steps;
  readonly chance: Prng;
  readonly faults: Faults;
  readonly reply: ControlParts['reply'];
  readonly onViolation: (checker: string, message: string) => void;
}

/** As in compose: each app alone. */
const APART: readonly Role[] = ['api', 'controllers', 'scheduler', 'health', 'feed'];
/** What folds differently is another build, and does not read the checkpoints of this one. */
const BUILDS = ['simulation-1', 'simulation-2'];
/** Apps that have the key store. */
const KEYED: readonly Role[] = ['api', 'health'];
/** How many of the appends that were given up on are carried out all the same. */
const LATE = 0.5;
/** Appends that were given up on are carried out so long after the log is back, at most. */
const LATE_MS = 5000;

/** The processes of the control plane, with what outlives them and what befalls them. */
export class Slots {
  readonly all: readonly ProcessSlot[];
  private fullUntil = 0;
  private readonly awayUntil = new Map<ProcessSlot, number>();
  private readonly terms: Terms;

  constructor(private readonly parts: SlotsParts) {
    const { shape, onViolation } = parts;
    this.terms = new Terms((message) => onViolation('a term has one writer', message));
    const more = Array.from({ length: shape.apis - 1 }, (_, i) => this.slot(`api-${i + 2}`, ['api']));
    const roles: readonly Role[] = shape.hasAutoscalers ? [...APART, 'scaler'] : APART;
    this.all =
      shape.processes === 'standalone'
        ? [this.slot('control', roles)]
        : [...roles.map((role) => this.slot(role, [role])), ...more];
  }

  get api(): ProcessSlot {
    return this.all[0] as ProcessSlot;
  }
  /** Places of processes that serve the API. */
  get apis(): readonly ProcessSlot[] {
    return this.all.filter((slot) => slot.roles.includes('api'));
  }
  /** The place of the process that has the writer's role. */
  get writer(): ProcessSlot | undefined {
    return this.apis.find((slot) => slot.process.isWriter);
  }
  /** A process cannot reach the log for a while. */
  loseLog(slot: ProcessSlot, ms: number): void {
    this.awayUntil.set(slot, this.now() + ms);
  }
  /** Processes that take clients' requests, those that stand still among them. */
  get serving(): readonly ControlProcess[] {
    return this.all
      .flatMap((slot) => (slot.roles.includes('api') ? slot.processes : []))
      .filter((one) => one.isServing);
  }
  /** Processes that answer reads: each has a view of the log, and an app that serves the API could be in any of them. */
  get reading(): readonly ControlProcess[] {
    return this.all.flatMap((slot) => slot.processes).filter((one) => one.isServing);
  }
  get isServing(): boolean {
    return this.all.every((slot) => slot.isServing);
  }
  /** Somebody hears what nodes say. */
  get isListening(): boolean {
    return this.all.some((slot) => slot.roles.includes('health') && slot.processes.some((one) => one.isHeard));
  }

  /** What befalls the processes in one moment of trouble. */
  trouble(): void {
    const { chance, faults, store } = this.parts;
    const { current } = faults;
    for (const slot of this.all) {
      if (chance.chance(current.controlCutOff)) slot.cutOff(chance.below(90_000));
      if (chance.chance(current.checkpoints)) slot.checkpoint();
      if (chance.chance(current.dies)) slot.kill();
      if (chance.chance(current.pauses)) slot.pause(chance.below(chance.chance(0.8) ? 10_000 : 60_000));
      if (chance.chance(current.usurped)) slot.usurp(chance.below(60_000));
      if (chance.chance(current.logAway)) this.loseLog(slot, chance.below(45_000));
    }
    if (chance.chance(current.logFull)) this.fullUntil = this.now() + chance.below(20_000);
    if (chance.chance(current.foreign)) store.addForeign(1 + chance.below(20));
  }
  heal(): void {
    this.fullUntil = 0;
    this.awayUntil.clear();
    for (const slot of this.all) slot.heal();
  }

  endGhosts(): void {
    for (const slot of this.all) slot.endGhosts();
  }

  /** Which keys a process of these apps has. */
  keysOf(roles: readonly Role[]): typeof simulatedKeys {
    return roles.some((role) => KEYED.includes(role)) ? simulatedKeys : noKeys;
  }

  private slot(name: string, roles: readonly Role[]): ProcessSlot {
    const { clock, chance, faults, onViolation } = this.parts;
    return new ProcessSlot({
      ...{ name, roles, clock, onViolation },
      checkpoints: new MemoryCheckpoints(() => chance.chance(faults.current.tornCheckpoints)),
      restartMs: () => chance.below(5000),
      parts: (slot) => {
        const { shape, store, hub, steps, reply } = this.parts;
        return {
          ...{
            store,
            hub,
            clock,
            steps,
            chance,
            reply,
            kinds: createRegistry(builtinKinds, builtinAdmission),
            keys: this.keysOf(roles),
          },
          build: chance.chance(0.9) ? (BUILDS[0] as string) : chance.pick(BUILDS),
          log: {
            shared: shape.processes === 'apart',
            positionsPerEvent: Math.max(1, shape.gapMax / 2),
            eventBytesMax: shape.eventBytesMax,
            lagMs: () => Math.max(faults.lagMs(), this.awayMs(slot)),
            onAppend: (epoch, process) => this.terms.note(epoch, process),
            faults: {
              read: () => (this.awayMs(slot) > 0 ? 'fail' : 'go-on'),
              later: (work) => clock.after(this.awayMs(slot) + chance.below(LATE_MS), work),
            },
            appendFate: (moment) => this.appendFate(slot, moment),
          },
        };
      },
    });
  }

  private appendFate(slot: ProcessSlot, moment: 'before' | 'after'): AppendFate | 'die' {
    const { chance, faults } = this.parts;
    if (moment === 'before' && this.awayMs(slot) > 0) return chance.chance(LATE) ? 'late' : 'fail';
    if (moment === 'before' && this.now() < this.fullUntil) return 'full';
    return faults.append(moment);
  }
  private awayMs(slot: ProcessSlot): number {
    return Math.max(0, (this.awayUntil.get(slot) ?? 0) - this.now());
  }
  private now(): number {
    return this.parts.clock.monotonic();
  }
}
