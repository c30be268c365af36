export { PEERS_MAX, type Overfull } from './peer-budget.js';
export { addressesOf, ONE_SLICE_MAX, PeerGroups, type PeerSlice, type PeerView } from './peer-groups.js';
export { selectsPod } from './pod-rules.js';
export { PolicyTable } from './policy-table.js';
