import { f, type Infer, int32, list, named, object, req, string } from '#model';

export const portStatus = object('io.k8s.api.core.v1.PortStatus', 'What became of a port of a load balancer.', {
  port: req(int32, 1, 'Number of the port.'),
  protocol: req(named('v1.Protocol'), 2, 'TCP, UDP or SCTP.'),
  error: f(string, 3, 'Why it failed, in one word.', { pointer: true }),
});
export type PortStatus = Infer<typeof portStatus>;

export const loadBalancerIngress = object(
  'io.k8s.api.core.v1.LoadBalancerIngress',
  'An address at which a load balancer is reached.',
  {
    ip: f(string, 1, 'Its address, where it is known by one.'),
    hostname: f(string, 2, 'Its name, where it is known by one.'),
    ipMode: f(string, 3, "VIP, or Proxy when traffic arrives with the balancer's own address.", { pointer: true }),
    ports: f(list(portStatus), 4, 'What became of each port.', { listType: 'atomic' }),
  },
);
export type LoadBalancerIngress = Infer<typeof loadBalancerIngress>;

export const loadBalancerStatus = object('io.k8s.api.core.v1.LoadBalancerStatus', 'State of a load balancer.', {
  ingress: f(list(loadBalancerIngress), 1, 'Addresses at which it is reached.', { listType: 'atomic' }),
});
export type LoadBalancerStatus = Infer<typeof loadBalancerStatus>;
