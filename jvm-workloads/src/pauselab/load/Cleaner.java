package pauselab.load;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import pauselab.Failure;

/**
 * Unmaps a buffer at once, in the calling thread, as Kafka and Lucene do (sun.misc.Unsafe.invokeCleaner). javac warns of
 * that class without a way to accept the warning, so the method is found by name.
 */
final class Cleaner {

    private final MethodHandle invokeCleaner;

    Cleaner() {
        try {
            Class<?> unsafe = Class.forName("sun.misc.Unsafe");
            Field theUnsafe = unsafe.getDeclaredField("theUnsafe");
            theUnsafe.setAccessible(true);
            invokeCleaner = MethodHandles.publicLookup()
                .findVirtual(unsafe, "invokeCleaner", MethodType.methodType(void.class, ByteBuffer.class))
                .bindTo(theUnsafe.get(null));
        } catch (ReflectiveOperationException error) {
            throw Failure.unfit(
                "mapped_files found no way to unmap a buffer in this JDK (" + error + "); leave out cleaned"
            );
        }
    }

    /** No thread may use the buffer any longer. */
    void clean(ByteBuffer buffer) {
        try {
            invokeCleaner.invokeExact(buffer);
        } catch (Error | RuntimeException thrown) {
            throw thrown;
        } catch (Throwable thrown) {
            throw new IllegalStateException(thrown);
        }
    }
}
