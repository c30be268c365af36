export { rangeConflict, serviceConflict } from './conflict.js';
export { networkCondition, type NetworkCondition, type NetworkState } from './condition.js';
export { INSISTS_ON_VXLAN, type Peer, peerOf } from './peer.js';
export { planIpv6Paths, type Ipv6Place } from './plan-ipv6.js';
export { planPaths, podMtu, type PathPlan, type PodNetworkMode, type PodNetworkPlace } from './plan.js';
export {
  ASK_CALM_MS,
  ASK_MS,
  askEvery,
  choiceOf,
  decidePath,
  pathAnswered,
  pathAsked,
  stanceOf,
  watchPath,
  waysToAsk,
  type PathChoice,
  type PathWatch,
} from './ways.js';
