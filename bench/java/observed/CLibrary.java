import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import jdk.incubator.foreign.CLinker;
import jdk.incubator.foreign.FunctionDescriptor;
import jdk.incubator.foreign.MemoryLayout;
import sun.misc.Unsafe;

/** Functions of the C library, by the foreign function interface as JDK 17 has it. Addresses are numbers. */
final class CLibrary {

    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final int ADVICE_DONTNEED = 4;
    private static final int ADVICE_NOHUGEPAGE = 15;

    private static final MethodHandle MALLOC = function("malloc", long.class, long.class);
    private static final MethodHandle FREE = function("free", void.class, long.class);
    private static final MethodHandle MALLOC_TRIM = function("malloc_trim", int.class, long.class);
    private static final MethodHandle MADVISE = function("madvise", int.class, long.class, long.class, int.class);
    private static final MethodHandle MPROTECT = function("mprotect", int.class, long.class, long.class, int.class);
    private static final MethodHandle MMAP = function(
        "mmap",
        long.class,
        long.class,
        long.class,
        int.class,
        int.class,
        int.class,
        long.class
    );
    private static final Unsafe UNSAFE = unsafe();

    static long malloc(long bytes) {
        try {
            return (long) MALLOC.invokeExact(bytes);
        } catch (Throwable error) {
            throw new IllegalStateException(error);
        }
    }

    static void free(long address) {
        try {
            FREE.invokeExact(address);
        } catch (Throwable error) {
            throw new IllegalStateException(error);
        }
    }

    static void trim() {
        try {
            int done = (int) MALLOC_TRIM.invokeExact(0L);
        } catch (Throwable error) {
            throw new IllegalStateException(error);
        }
    }

    static long mapped(long bytes) {
        try {
            return (long) MMAP.invokeExact(0L, bytes, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0L);
        } catch (Throwable error) {
            throw new IllegalStateException(error);
        }
    }

    static void protect(long address, long bytes, boolean isWritable) {
        succeed(MPROTECT, "mprotect", address, bytes, isWritable ? READ | WRITE : READ);
    }

    static void dontNeed(long address, long bytes) {
        succeed(MADVISE, "madvise", address, bytes, ADVICE_DONTNEED);
    }

    static void withoutHugePages(long address, long bytes) {
        succeed(MADVISE, "madvise", address, bytes, ADVICE_NOHUGEPAGE);
    }

    static void write(long address) {
        UNSAFE.putByte(address, (byte) 1);
    }

    private static void succeed(MethodHandle function, String name, long address, long bytes, int third) {
        int result;
        try {
            result = (int) function.invokeExact(address, bytes, third);
        } catch (Throwable error) {
            throw new IllegalStateException(error);
        }
        if (result != 0) throw new IllegalStateException(name + " failed");
    }

    private static MethodHandle function(String name, Class<?> result, Class<?>... arguments) {
        MemoryLayout[] layouts = new MemoryLayout[arguments.length];
        for (int i = 0; i < arguments.length; i++) layouts[i] = layoutOf(arguments[i]);
        return CLinker.getInstance().downcallHandle(
            CLinker.systemLookup().lookup(name).orElseThrow(),
            MethodType.methodType(result, arguments),
            result == void.class ? FunctionDescriptor.ofVoid(layouts) : FunctionDescriptor.of(layoutOf(result), layouts)
        );
    }

    private static MemoryLayout layoutOf(Class<?> type) {
        return type == long.class ? CLinker.C_LONG : CLinker.C_INT;
    }

    private static Unsafe unsafe() {
        try {
            Field field = Unsafe.class.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            return (Unsafe) field.get(null);
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    private CLibrary() {}
}
