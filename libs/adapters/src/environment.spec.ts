import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { agentEnvironment, plainEnvironment } from './environment.js';

describe('the environment of what Shiplog starts', () => {
  const given = {
    PATH: process.env['PATH'],
    DOCKER_HOST: 'unix:///run/docker.sock',
    SHIPLOG_EVENT_LOG: 'esdb://admin:changeit@store:2113',
    SHIPLOG_POD_CIDR: '10.1.0.0/16',
    AWS_SECRET_ACCESS_KEY: 'secret',
    NODE_OPTIONS: '--inspect=0.0.0.0:9229',
    LD_PRELOAD: '/tmp/evil.so',
  };
  it('is a list of what it needs, and a child has nothing else', () => {
    expect(Object.keys(plainEnvironment(given))).toEqual(['PATH']);
    expect(Object.keys(agentEnvironment(given))).toEqual(['PATH', 'DOCKER_HOST', 'SHIPLOG_POD_CIDR']);
    const child = spawnSync('/usr/bin/env', { env: agentEnvironment(given), encoding: 'utf8' });
    expect(child.stdout.trim().split('\n').sort()).toEqual([
      'DOCKER_HOST=unix:///run/docker.sock',
      `PATH=${process.env['PATH']}`,
      'SHIPLOG_POD_CIDR=10.1.0.0/16',
    ]);
  });
});
