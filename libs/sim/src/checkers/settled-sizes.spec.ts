import { describe, expect, it } from '@jest/globals';
import { SCALE_ON_PRESSURE, type HorizontalPodAutoscaler } from '#kinds';
import type { JsonObject } from '#std';
import { steadySizes, type SteadyLoad } from './settled-sizes.js';

const sizes = (metric: JsonObject, load: Partial<SteadyLoad>, annotations?: JsonObject) =>
  steadySizes({ metadata: { annotations }, spec: { metrics: [metric] } } as unknown as HorizontalPodAutoscaler, {
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
  it('counts a part of a thousandth of a processor as a whole one', () => {
    const worker = resource('cpu', { type: 'Utilization', averageUtilization: 40 });
    expect(sizes(worker, { demand: 61, request: 50 })).toEqual({ least: 4, most: 4 });
    expect(sizes(worker, { demand: 59, request: 50 })).toEqual({ least: 3, most: 3 });
  });
  it('sees only what a limit lets through, but what adapters measure knows no limit', () => {
    expect(sizes(cpu, { demand: 4000, limit: 50 })).toEqual({ least: 4, most: 4 });
    const external = {
      type: 'External',
      external: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '1' } },
    };
    expect(sizes(external, { demand: 7900, limit: 50 })).toEqual({ least: 8, most: 8 });
  });
  it('sees what a limit holds back where the autoscaler says so, up to ten times the use', () => {
    const byPressure = { [SCALE_ON_PRESSURE]: 'true' };
    expect(sizes(cpu, { demand: 400, limit: 50 }, byPressure)).toEqual({ least: 8, most: 9 });
    expect(sizes(cpu, { demand: 9000, limit: 50 }, byPressure)).toEqual({ least: 40, most: 40 });
    expect(sizes(cpu, { demand: 9000, limit: 50 }, { [SCALE_ON_PRESSURE]: 'yes' })).toEqual({ least: 4, most: 4 });
  });
  it('is that of the memory which the work takes', () => {
    const memory = resource('memory', { type: 'AverageValue', averageValue: '20Mi' });
    expect(sizes(memory, { demand: 4 * 64 }).least).toBe(4);
    expect(sizes(memory, { demand: 4 * 320 }).least).toBe(8);
  });
});
