/** All native unit tests under ThreadSanitizer, the heavy ones too. */
import { testNativeProgram, threadSanitizer } from '../support/native-tests.js';

testNativeProgram(threadSanitizer);
