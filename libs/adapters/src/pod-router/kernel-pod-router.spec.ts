import { KernelPodRouter } from './kernel-pod-router.js';
import { podRouterContract } from './pod-router.contract.js';

podRouterContract({
  mark: 'k',
  make: (network, node) => new KernelPodRouter({ within: network.within(node) }),
});
