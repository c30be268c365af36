import { describe, expect, it } from '@jest/globals';
import { nodeLabels, nodeTaints } from './node-marks.js';

describe('what a node registers with', () => {
  it('are labels that a node may give itself, and taints', () => {
    expect(nodeLabels(['disk=ssd', 'example.com/rack=', 'topology.kubernetes.io/zone=a'])).toEqual({
      disk: 'ssd',
      'example.com/rack': '',
      'topology.kubernetes.io/zone': 'a',
    });
    expect(nodeTaints(['gpu=yes:NoSchedule', 'example.com/old:NoExecute'])).toEqual([
      { key: 'gpu', value: 'yes', effect: 'NoSchedule' },
      { key: 'example.com/old', effect: 'NoExecute' },
    ]);
  });

  it.each(['disk', '=ssd', '-disk=ssd', 'disk=a b', `disk=${'x'.repeat(64)}`])('refuses the label "%s"', (text) =>
    expect(() => nodeLabels([text])).toThrow(`"${text}" is no label: write it like disk=ssd`),
  );

  it('refuses a label that only others may give', () =>
    expect(() => nodeLabels(['node-restriction.kubernetes.io/x=y'])).toThrow(
      'A node cannot give itself the label node-restriction.kubernetes.io/x.',
    ));

  it.each(['gpu', 'gpu=yes', 'gpu=yes:Sometimes', ':NoSchedule', 'gpu=a b:NoSchedule'])(
    'refuses the taint "%s"',
    (text) => expect(() => nodeTaints([text])).toThrow(`"${text}" is no taint: write it like gpu=yes:NoSchedule`),
  );
});
