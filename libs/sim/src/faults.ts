import type { AppendFate, BusMessage } from '#adapters';
import type { Prng } from '#std';

/** How rough a world is. Every number is a probability of one thing at one occasion. */
export interface Roughness {
  readonly drop: number;
  readonly duplicate: number;
  readonly delay: number;
  readonly delayMsMax: number;
  readonly appendFails: number;
  /** The writer dies before the append is durable, or after it but before anybody hears. */
  readonly diesBefore: number;
  readonly diesAfter: number;
  readonly agentDies: number;
  readonly busLost: number;
  /** A container ends by itself. */
  readonly crashes: number;
  /** A node's engine tells nothing for a while, or does nothing for a while. */
  readonly newsLost: number;
  readonly engineAway: number;
  /** The whole control plane is cut off from the bus for a while. */
  readonly controlCutOff: number;
  /** A checkpoint is written at this moment; it may be torn. */
  readonly checkpoints: number;
  readonly tornCheckpoints: number;
}
export const CALM: Roughness = {
  drop: 0,
  duplicate: 0,
  delay: 0,
  delayMsMax: 0,
  appendFails: 0,
  diesBefore: 0,
  diesAfter: 0,
  agentDies: 0,
  busLost: 0,
  crashes: 0,
  newsLost: 0,
  engineAway: 0,
  controlCutOff: 0,
  checkpoints: 0,
  tornCheckpoints: 0,
};

/** Draws how rough a world is: some have one trouble, some have all. */
export function drawRoughness(chance: Prng): Roughness {
  const some = (likely: number, most: number): number => (chance.chance(likely) ? chance.next() * most : 0);
  return {
    drop: some(0.5, 0.1),
    duplicate: some(0.5, 0.2),
    delay: some(0.6, 0.5),
    delayMsMax: 1 + chance.below(4000),
    appendFails: some(0.4, 0.05),
    diesBefore: some(0.5, 0.01),
    diesAfter: some(0.5, 0.01),
    agentDies: some(0.4, 0.02),
    busLost: some(0.4, 0.02),
    crashes: some(0.5, 0.1),
    newsLost: some(0.4, 0.03),
    engineAway: some(0.4, 0.02),
    controlCutOff: some(0.3, 0.03),
    checkpoints: some(0.7, 0.2),
    tornCheckpoints: some(0.4, 0.5),
  };
}

/** The troubles of a world; `heal` ends them all. */
export class Faults {
  constructor(
    private roughness: Roughness,
    private readonly chance: Prng,
  ) {}

  heal(): void {
    this.roughness = CALM;
  }
  get current(): Roughness {
    return this.roughness;
  }

  readonly message = (message: BusMessage): readonly number[] => {
    const { drop, duplicate, delay, delayMsMax } = this.roughness;
    void message;
    if (this.chance.chance(drop)) return [];
    const late = (): number => (this.chance.chance(delay) ? this.chance.below(delayMsMax) : 0);
    return this.chance.chance(duplicate) ? [late(), late()] : [late()];
  };

  readonly append = (moment: 'before' | 'after'): AppendFate | 'die' => {
    const { appendFails, diesBefore, diesAfter } = this.roughness;
    if (this.chance.chance(moment === 'before' ? diesBefore : diesAfter)) return 'die';
    return this.chance.chance(appendFails) ? 'fail' : 'go-on';
  };
}
