import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

/**
 * Jest's environment for Node, in a context whose global object is a plain one. Of the usual sort each look at a global (`Map`, `Object`,
 * `process`) is a call of an interceptor, in which suites that compute spent a seventh to a third of their time.
 */
export default class PlainGlobalEnvironment extends TestEnvironment {
  constructor(...words) {
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(...words);
    } finally {
      vm.createContext = createContext;
    }
  }
}
