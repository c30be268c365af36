export { createAgent } from './agent.js';
export type { Agent } from './running-agent.js';
export { AGENT_VERSION } from './options.js';
export type { AgentOptions, IngressOptions, NodeOptions, PodNetworkOptions, ServiceProxyOptions } from './options.js';
export { KernelMeter } from './measuring/kernel-meter.js';
export type { KernelMeterOptions } from './measuring/kernel-meter.js';
