package pauselab.load;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.SplittableRandom;

/**
 * A class file (version 52) written by hand. It has only static methods `int m0()`, `int m1()`, …, which return
 * numbers. Its size in metaspace grows with the number of methods.
 */
final class ClassBytes {

    private static final int MAGIC = 0xcafebabe;
    private static final int VERSION = 52;
    private static final int UTF8 = 1;
    private static final int CLASS = 7;
    private static final int FINAL_SUPER = 0x0030;
    private static final int PUBLIC_STATIC = 0x0009;
    private static final int SIPUSH = 0x11;
    private static final int IRETURN = 0xac;
    /** Pool entries before the methods' names: our name and class, Object's, "Code", the descriptor. */
    private static final int FIXED_ENTRIES = 6;

    static byte[] make(String internalName, int methods, SplittableRandom random) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(MAGIC);
            out.writeInt(VERSION);
            writePool(out, internalName, methods);
            out.writeShort(FINAL_SUPER);
            out.writeShort(2); // this class
            out.writeShort(4); // its super class
            out.writeShort(0); // interfaces
            out.writeShort(0); // fields
            out.writeShort(methods);
            for (int i = 0; i < methods; i++) {
                writeMethod(out, FIXED_ENTRIES + 1 + i, random.nextInt(Short.MAX_VALUE));
            }
            out.writeShort(0); // attributes
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return bytes.toByteArray();
    }

    private static void writePool(DataOutputStream out, String internalName, int methods) throws IOException {
        out.writeShort(FIXED_ENTRIES + methods + 1);
        writeName(out, internalName); // 1
        writeClass(out, 1); // 2
        writeName(out, "java/lang/Object"); // 3
        writeClass(out, 3); // 4
        writeName(out, "Code"); // 5
        writeName(out, "()I"); // 6
        for (int i = 0; i < methods; i++) {
            writeName(out, "m" + i);
        }
    }

    private static void writeMethod(DataOutputStream out, int name, int value) throws IOException {
        out.writeShort(PUBLIC_STATIC);
        out.writeShort(name);
        out.writeShort(6); // descriptor
        out.writeShort(1); // attributes: its code
        out.writeShort(5);
        out.writeInt(16);
        out.writeShort(1); // stack
        out.writeShort(0); // locals
        out.writeInt(4);
        out.writeByte(SIPUSH);
        out.writeShort(value);
        out.writeByte(IRETURN);
        out.writeShort(0); // exceptions
        out.writeShort(0); // attributes
    }

    private static void writeName(DataOutputStream out, String name) throws IOException {
        out.writeByte(UTF8);
        out.writeUTF(name);
    }

    private static void writeClass(DataOutputStream out, int name) throws IOException {
        out.writeByte(CLASS);
        out.writeShort(name);
    }

    private ClassBytes() {}
}
