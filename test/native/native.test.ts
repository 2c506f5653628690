/**
 * The native unit tests, plain and under the sanitizers: each of their cases is a test here. The heavy ones under
 * ThreadSanitizer are in test/long/native.test.ts.
 */
import { addressSanitizer, heavyCases, plain, testNativeProgram, threadSanitizer } from '../support/native-tests.js';

testNativeProgram(plain);
testNativeProgram(addressSanitizer);
testNativeProgram({ ...threadSanitizer, without: heavyCases });
