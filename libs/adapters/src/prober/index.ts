export { NetworkProber } from './network-prober.js';
