package pauselab.load;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import pauselab.Failure;

/**
 * A segment in a shared arena of java.lang.foreign. The classes are compiled for JDK 17, which lacks that package, so its
 * methods are found by name once.
 */
final class SharedArena {

    private static final int PAGE_BYTES = 4096;

    private final Object arena;
    private final ByteBuffer memory;

    private SharedArena(Object arena, ByteBuffer memory) {
        this.arena = arena;
        this.memory = memory;
    }

    /** At most as many bytes as a ByteBuffer can have. Throws a failure on a JDK before 22. */
    static SharedArena open(long bytes) {
        Methods methods = Methods.ofThisJdk();
        try {
            Object arena = (Object) methods.ofShared.invokeExact();
            Object segment = (Object) methods.allocate.invokeExact(arena, bytes, 1L);
            return new SharedArena(arena, (ByteBuffer) methods.asByteBuffer.invokeExact(segment));
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    void touch() {
        for (int at = 0; at < memory.capacity(); at += PAGE_BYTES) {
            memory.put(at, (byte) 1);
        }
    }

    void close() {
        try {
            Methods.ofThisJdk().close.invokeExact(arena);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    /** Errors such as OutOfMemoryError keep their kind, which decides the sentence. */
    private static RuntimeException unchecked(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        if (thrown instanceof RuntimeException runtime) {
            throw runtime;
        }
        return new IllegalStateException(thrown);
    }

    private record Methods(
        MethodHandle ofShared,
        MethodHandle allocate,
        MethodHandle asByteBuffer,
        MethodHandle close
    ) {
        private static final int FIRST_JDK = 22;
        private static final Methods FOUND = Runtime.version().feature() < FIRST_JDK ? null : find();

        static Methods ofThisJdk() {
            if (FOUND == null) {
                throw Failure.unfit(
                    "arena_churn needs java.lang.foreign, which JDK " +
                        FIRST_JDK +
                        " and newer have, and this is JDK " +
                        Runtime.version().feature() +
                        "; give a newer one by --java or jvm.java"
                );
            }
            return FOUND;
        }

        private static Methods find() {
            try {
                Class<?> arena = Class.forName("java.lang.foreign.Arena");
                Class<?> segment = Class.forName("java.lang.foreign.MemorySegment");
                MethodHandles.Lookup lookup = MethodHandles.publicLookup();
                return new Methods(
                    erased(lookup.findStatic(arena, "ofShared", MethodType.methodType(arena))),
                    erased(
                        lookup.findVirtual(arena, "allocate", MethodType.methodType(segment, long.class, long.class))
                    ),
                    erased(lookup.findVirtual(segment, "asByteBuffer", MethodType.methodType(ByteBuffer.class))).asType(
                        MethodType.methodType(ByteBuffer.class, Object.class)
                    ),
                    erased(lookup.findVirtual(arena, "close", MethodType.methodType(void.class)))
                );
            } catch (ReflectiveOperationException error) {
                throw Failure.unfit("arena_churn found no shared arenas in this JDK (" + error + "); use another JDK");
            }
        }

        /** With Object in place of the types that JDK 17 does not have. */
        private static MethodHandle erased(MethodHandle method) {
            return method.asType(method.type().erase());
        }
    }
}
