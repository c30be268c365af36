export { apiServiceAvailability } from './availability.js';
export { authenticationTrust } from './authentication-trust.js';
export { apiServiceRegistration } from './registration.js';
