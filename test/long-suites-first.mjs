import SequencerModule from '@jest/test-sequencer';

const Sequencer = SequencerModule.default ?? SequencerModule;

// What starts clusters, engines or stores takes minutes; a fresh clone knows no times yet, and one of these begun last would run alone at the end.
const LONG = [
  'test/docs/',
  'test/chaos/',
  'test/hosts/',
  'test/autoscaling/',
  'test/contract/event-log/',
  'test/e2e/',
  'libs/sim/',
];

/** Jest's own order within each folder, the folders of long suites first. */
export default class LongSuitesFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const found = LONG.findIndex((folder) => path.includes(`/${folder}`));
      return found === -1 ? LONG.length : found;
    };
    return [...super.sort(tests)].sort((one, other) => rank(one) - rank(other));
  }
}
