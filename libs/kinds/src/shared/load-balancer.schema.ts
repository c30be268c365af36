import { f, type Infer, int32, list, object, req, string } from '#model';

export const portStatus = object('io.k8s.api.core.v1.PortStatus', '', {
  error: f(string, 3, '', { pointer: true }),
  port: req(int32, 1, ''),
  protocol: req(string, 2, ''),
});
export type PortStatus = Infer<typeof portStatus>;

export const loadBalancerIngress = object('io.k8s.api.core.v1.LoadBalancerIngress', '', {
  hostname: f(string, 2, ''),
  ip: f(string, 1, ''),
  ipMode: f(string, 3, '', { pointer: true }),
  ports: f(list(portStatus), 4, '', { listType: 'atomic' }),
});
export type LoadBalancerIngress = Infer<typeof loadBalancerIngress>;

export const loadBalancerStatus = object('io.k8s.api.core.v1.LoadBalancerStatus', '', {
  ingress: f(list(loadBalancerIngress), 1, '', { listType: 'atomic' }),
});
export type LoadBalancerStatus = Infer<typeof loadBalancerStatus>;
