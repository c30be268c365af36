import { SystemClock, VirtualClock } from '#adapters';
import { clockContract } from './clock.contract.js';

clockContract('virtual', () => {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  return {
    clock,
    step: (ms) => clock.step(ms),
    pass: (ms) => {
      clock.advance(ms);
      return Promise.resolve();
    },
  };
});

clockContract('system', () => {
  let offset = 0;
  return {
    clock: new SystemClock(() => Date.now() + offset),
    step: (ms) => void (offset += ms),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
});
