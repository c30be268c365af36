/**
 * With the value `true` an autoscaler scales by what its pods would use of processors without limits and neighbours: a pod at its limit hides
 * how much more it would take. Without it the sizes are those of Kubernetes.
 */
export const SCALE_ON_PRESSURE = 'shiplog.io/scale-on-pressure';
