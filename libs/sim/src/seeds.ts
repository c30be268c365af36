import type { Roughness, Shape } from './faults.js';

interface KeptSeed {
  readonly seed: number;
  readonly troubleMs?: number;
  readonly shape?: Partial<Shape>;
  readonly roughness?: Partial<Roughness>;
  readonly showed: string;
}

/** Kept before people defined kinds in worlds, and before several processes served the API: they run as when they came out wrong. */
const asBefore: readonly KeptSeed[] = [
  {
    seed: 1,
    troubleMs: 60_000,
    showed: 'an agent looked again and again at the moment a grace period ended: time stood still',
  },
  {
    seed: 13,
    showed:
      'an append whose answer was lost ended the election of the writer; later: a sample that travelled more quickly than the one before made the use of a pod too high',
  },
  { seed: 38, showed: 'an engine with a bad moment ended the start of the agent' },
  {
    seed: 5001,
    showed: 'the sealing of the simulation was base64, in which the checker for clear text found a marker',
  },
  {
    seed: 6004,
    showed: 'a node refused pod after pod because of pods that it did not yet dare to stop: a storm without end',
  },
  {
    seed: 552066803,
    showed: 'the checker of rollouts took a pod that is ready, but not for long enough, for an available one',
  },
  { seed: 724794799, showed: 'a set replaced pods that a node turned away at once, again and again' },
  { seed: 91008, showed: 'a node that was silent for a minute stayed unreachable for ever after it was back' },
  { seed: 399661489, showed: 'a report whose first answer was lost was not made again over what others wrote later' },
  {
    seed: 3,
    showed:
      'a pod whose last report was taken, but whose deletion the full log refused, was never deleted: the repeated report counted as old',
  },
  {
    seed: 5,
    showed:
      'a pod whose writer died between the mark and the deletion of an immediate end stayed, and its namespace too',
  },
  {
    seed: 555036,
    showed:
      'a deletion was appended for an object that never came to be: its creation failed since the name was forgotten, and the revisions met',
  },
  {
    seed: 555146,
    showed:
      'an append that overtook an earlier one of its stream had the writer decide on a state without the earlier one',
  },
  {
    seed: 800089,
    showed:
      'a write whose first try landed late, after the next had been refused as too early, was answered as one that changes nothing',
  },
  {
    seed: 810047,
    showed: 'pods that had become ready before the clock was set back by an hour were not available for as long',
  },
  { seed: 820000, showed: 'a deployment was in the log before its namespace, whose creation was not answered yet' },
  {
    seed: 820039,
    showed: 'the version of a write that readers saw before its append was answered was refused as an old one',
  },
  {
    seed: 830031,
    showed:
      'the version of a write that a reader elsewhere had seen was refused as an old one by a writer whose own view lagged',
  },
  {
    seed: 850170,
    showed:
      'an append that was given up on landed on an event that had taken the place of the one it was decided on: an object came back that had gone',
  },
  {
    seed: 860036,
    showed:
      'an agent kept a pod that had ended, since older news of it waited for the engine: the node had no room for others',
  },
  {
    seed: 860075,
    showed: 'a paused rollout that was sized anew did not count the pods that a shrunk set had not yet given up',
  },
  {
    seed: 860016,
    showed:
      'a node was called unreachable 37 s after its last message: a report that the writer refused was no sign of life',
  },
  {
    seed: 457326075,
    showed:
      'every node was called unreachable by a process that had started while the bus was away: it took the bus for connected',
  },
  {
    seed: 930117,
    showed:
      'a health process whose view lagged called a pod gone: its agent never reported again what an older report was written over',
  },
  {
    seed: 930034,
    showed: 'what was created in a namespace that was made anew stood in the log before the namespace',
  },
  {
    seed: 494176863,
    showed:
      'a set made other pods instead of those that a process had sent before it died: a later one had come before an earlier one',
  },
  {
    seed: 950740,
    showed: 'a pod came after its set had been scaled down, decided before: the checker took it for one too many',
  },
  {
    seed: 950751,
    showed:
      'a process that noticed a step of the clock late took a pod that was just ready for one ready since long, against the others: time stood still',
  },
  {
    seed: 1001965,
    showed:
      'a health process heard of a dead agent after the living one and took that for the older: it said of every report that it was taken',
  },
  { seed: 1001912, showed: 'a job that had failed waited to be tried again: the checker wanted it to run' },
  {
    seed: 2000049,
    showed: 'of two sets that were scaled down one made its last pod before the other had given up what was too much',
  },
  {
    seed: 3001209,
    showed:
      'a node was called unreachable by a health process that had stood still for 40 s: its timers rang before it listened',
  },
  {
    seed: 3001015,
    showed: 'a pod was driven from a node for a silence of which the health process had stood still for 7 s',
  },
  {
    seed: 376627006,
    showed:
      'of two health processes one missed a sign of life that came late to the other: the checker knew of no delay',
  },
  {
    seed: 458080199,
    showed:
      'a new agent that had lost the containers said they were being made while the log had them as ended: its reports were refused for good',
  },
  {
    seed: 5001497,
    showed:
      'a node was called silent that had been so half a minute before, when its writer decided that and stood still: the checker took the moment of the append',
  },
  {
    seed: 5000955,
    showed:
      'of two registered nodes one was silent and its pods were driven away: the checker counted one that had never registered',
  },
  {
    seed: 5001754,
    showed:
      'a namespace was let go while creations that the writer had taken waited for the log: they stood in a namespace that was gone',
  },
  {
    seed: 6000352,
    showed:
      'a command that called a node silent reached its writer half a minute after the look that it rests on: the checker took the moment of the append',
  },
  {
    seed: 405196003,
    showed:
      'a snapshot was written while the creation of its object was still on its way, and forgot where that was: pods were bound in another order after a rebuild',
  },
  {
    seed: 322511313,
    showed:
      'a bind was refused while the next pod of the same shape found no room: both slept, though the first one fitted',
  },
  { seed: 9007, showed: 'the search for an order of answers ran out of memory over many unknown outcomes' },
];

/** Kept before several processes served the API. */
const withOneApi: readonly KeptSeed[] = [
  {
    seed: 9,
    showed:
      'objects of a custom kind stood in the log before the change of the definition by which they were decided; fields that the stored version does not have were stored',
  },
  {
    seed: 1,
    showed:
      'a command of a kind that had gone meanwhile was refused as one that its client may not send; a version that was no more served was answered 422',
  },
  {
    seed: 153558948,
    showed:
      'a write of the status of a custom object pruned it by the stored version, and left it under the version before',
  },
];

/** Worlds that once came out wrong, each with what it showed. They are run for ever. */
export const keptSeeds: readonly KeptSeed[] = [
  ...asBefore.map((kept) => ({
    ...kept,
    shape: { hasDefinitions: false, apis: 1, hasAutoscalers: false, hasBatch: false, hasBudgets: false },
  })),
  ...withOneApi.map((kept) => ({
    ...kept,
    shape: { apis: 1, hasAutoscalers: false, hasBatch: false, hasBudgets: false },
  })),
  {
    seed: 820039,
    shape: { hasDefinitions: false, hasAutoscalers: false, hasBatch: false, hasBudgets: false },
    showed:
      'a write was called done by the second of two writers that had sent it, for the event of the first one, which came behind the election and does not count',
  },
  {
    seed: 11,
    shape: { processes: 'apart', apis: 1, isSlow: false, hasBatch: false, hasBudgets: false },
    roughness: { pauses: 0.02, usurped: 0.02, lagMsMax: 2000 },
    showed:
      'a report that was sent before its pod ended was taken after that, and the room of the pod was given away twice',
  },
  {
    seed: 118772279,
    shape: { hasBatch: false, hasBudgets: false },
    showed:
      'an autoscaler whose scaler died after a change, before it could say so, scaled again at once where another one had taken the change back',
  },
  {
    seed: 607,
    shape: { hasBudgets: false },
    showed:
      'a pod of a job that was deleted before it had a node was never counted, where only ended pods are replaced',
  },
  {
    seed: 609,
    shape: { hasBudgets: false },
    showed:
      'a job that completed after the wall clock was set back was refused for ever: it had ended before its start',
  },
  {
    seed: 505,
    shape: { hasBudgets: false },
    showed:
      'a counter of minus one nanosecond was rounded to zero on its way, so what a container had used in its life became the load of four seconds',
  },
  {
    seed: 191286756,
    showed:
      'the check of sizes took 15.25 thousandths of a processor for what is measured of them, 16, and so another size for the right one',
  },
  {
    seed: 194194355,
    showed:
      'an eviction in the second in which the wall clock was set back was forgotten at once: its time, a whole second, lay before what the clock was set to',
  },
  {
    seed: 445116590,
    showed:
      'a job had a pod too many: the next look passed over a name of which only a writer that was voted out had appended the creation, which then came once more',
  },
];
