import type { HorizontalPodAutoscaler, HPAScalingRules } from '#kinds';
import { DOWNSCALE_WINDOW_MS, windowMs, type Said } from './behavior.js';

/** What an autoscaler says that made a rule limit the size: `maxReplicas 4`, `window 300 s`, `policy Pods 3 in 60 s`. */
export function ruleWords({ reason }: Said, { spec }: HorizontalPodAutoscaler): string {
  const { minReplicas = 1, maxReplicas, behavior } = spec;
  switch (reason) {
    case 'TooManyReplicas':
      return `maxReplicas ${maxReplicas}`;
    case 'TooFewReplicas':
      return `minReplicas ${minReplicas}`;
    case 'ScaleUpLimit':
      return behavior ? policyWords(behavior.scaleUp) : 'twice the size or 4 replicas at once';
    case 'ScaleDownLimit':
      return policyWords(behavior?.scaleDown);
    case 'ScaleUpStabilized':
      return `window ${windowMs(behavior?.scaleUp ?? {}, 0) / 1000} s`;
    default:
      return `window ${windowMs(behavior?.scaleDown ?? {}, DOWNSCALE_WINDOW_MS) / 1000} s`;
  }
}
function policyWords({ policies = [], selectPolicy = 'Max' }: HPAScalingRules = {}): string {
  const each = policies.map(({ type, value, periodSeconds }) => `${type} ${value} in ${periodSeconds} s`);
  if (selectPolicy === 'Disabled') return 'this direction is disabled';
  return `${each.length === 1 ? 'policy' : `${selectPolicy} of policies`} ${each.join(', ')}`;
}
