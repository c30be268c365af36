import SequencerModule from '@jest/test-sequencer';

const Sequencer = SequencerModule.default ?? SequencerModule;

// What starts clusters, engines or stores takes minutes; a fresh clone knows no times yet, and one of these begun last would run alone at the end.
const LONG = ['test/autoscaling/', 'test/contract/event-log/', 'test/e2e/', 'libs/sim/'];
/** Suites that start several machines, or several clusters, the longest first: side by side they would take all of the machine from each other. */
const HEAVY = ['test/e2e/compose.spec', 'test/docs/docs.spec', 'test/chaos/', 'test/hosts/'];
/** While one of those runs, the other workers get through about so many of the rest. */
const BETWEEN = 6;

/** Jest's own order within each folder, the folders of long suites first, and the heavy ones spread among them. */
export default class LongSuitesFirst extends Sequencer {
  sort(tests) {
    const inOrder = [...super.sort(tests)];
    const heavy = inOrder.filter((test) => isOf(HEAVY, test)).sort(byRank(HEAVY));
    const others = inOrder.filter((test) => !isOf(HEAVY, test)).sort(byRank(LONG));
    const spread = others.flatMap((test, i) =>
      i % BETWEEN === 0 ? [...heavy.slice(i / BETWEEN, i / BETWEEN + 1), test] : [test],
    );
    return [...spread, ...heavy.slice(Math.ceil(others.length / BETWEEN))];
  }
}

const isOf = (folders, { path }) => folders.some((folder) => path.includes(`/${folder}`));
const byRank = (folders) => (one, other) => rank(folders, one) - rank(folders, other);
function rank(folders, { path }) {
  const found = folders.findIndex((folder) => path.includes(`/${folder}`));
  return found === -1 ? folders.length : found;
}
