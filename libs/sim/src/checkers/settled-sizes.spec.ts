import { describe, expect, it } from '@jest/globals';
import type { HorizontalPodAutoscaler } from '#kinds';
import type { JsonObject } from '#std';
import { steadySizes, type SteadyLoad } from './settled-sizes.js';

const sizes = (metric: JsonObject, load: Partial<SteadyLoad>) =>
  steadySizes({ spec: { metrics: [metric] } } as unknown as HorizontalPodAutoscaler, {
    ...{ replicas: 4, demand: 0, request: 100, limit: Infinity },
    ...load,
  });
const resource = (name: string, target: JsonObject): JsonObject => ({ type: 'Resource', resource: { name, target } });
const cpu = resource('cpu', { type: 'Utilization', averageUtilization: 50 });

describe('the size at which a steady load leaves a target', () => {
  it('is what the load asks for, and any within a tenth of it', () => {
    expect(sizes(cpu, { demand: 200 })).toEqual({ least: 4, most: 4 });
    expect(sizes(cpu, { demand: 215 })).toEqual({ least: 4, most: 4 });
    expect(sizes(cpu, { demand: 330 })).toEqual({ least: 7, most: 7 });
    expect(sizes(cpu, { demand: 110 })).toEqual({ least: 3, most: 3 });
  });
  it('sees only what a limit lets through, but what adapters measure knows no limit', () => {
    expect(sizes(cpu, { demand: 4000, limit: 50 })).toEqual({ least: 4, most: 4 });
    const external = {
      type: 'External',
      external: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '1' } },
    };
    expect(sizes(external, { demand: 7900, limit: 50 })).toEqual({ least: 8, most: 8 });
  });
  it('is that of the memory which the work takes', () => {
    const memory = resource('memory', { type: 'AverageValue', averageValue: '20Mi' });
    expect(sizes(memory, { demand: 4 * 64 }).least).toBe(4);
    expect(sizes(memory, { demand: 4 * 320 }).least).toBe(8);
  });
});
