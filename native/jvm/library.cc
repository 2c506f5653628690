// libpauselab-jvm.so: the functions of pauselab.jni.Native, which the JVM's probes and loads call. Thin: each converts
// its arguments and calls one function. An address or a handle is a jlong, an errno a jint.
#include <fcntl.h>
#include <jni.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "allocator/blocks.h"
#include "allocator/describe.h"
#include "board/clock.h"
#include "engine/schedstat.h"
#include "jvm/holder.h"
#include "jvm/memory.h"

namespace pauselab::jvm {
namespace {

template <typename T>
jlong toHandle(T* object) {
  return static_cast<jlong>(reinterpret_cast<std::uintptr_t>(object));
}
template <typename T>
T* fromHandle(jlong handle) {
  return reinterpret_cast<T*>(static_cast<std::uintptr_t>(handle));
}

jint lockMemory(JNIEnv* env, jclass, jobject mapping) {
  void* const address = env->GetDirectBufferAddress(mapping);
  if (address == nullptr) return EINVAL;
  return mlock(address, static_cast<std::size_t>(env->GetDirectBufferCapacity(mapping))) == 0 ? 0 : errno;
}

jint openSchedstat(JNIEnv*, jclass) {
  const int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  char text[64] = {};
  engine::SchedstatReading reading;
  return pread(fd, text, sizeof text - 1, 0) > 0 && engine::parseSchedstat(text, reading) ? fd : -ENOSYS;
}

jlong runDelay(JNIEnv*, jclass, jint fd) {
  char text[64] = {};
  engine::SchedstatReading reading;
  if (pread(fd, text, sizeof text - 1, 0) > 0) engine::parseSchedstat(text, reading);
  return static_cast<jlong>(reading.run_delay_ns);
}

jlong cpuTime(JNIEnv*, jclass) {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<jlong>(now.tv_sec) * static_cast<jlong>(kSecond_ns) + now.tv_nsec;
}

jlong makeHole(JNIEnv*, jclass) {
  auto* const hole = new (std::nothrow) Hole;
  const int refused = hole == nullptr ? ENOMEM : hole->place();
  return refused == 0 ? toHandle(hole) : -refused;
}

jint mapAndUnmap(JNIEnv*, jclass, jlong hole) { return fromHandle<Hole>(hole)->mapAndUnmap(); }

jlong makePool(JNIEnv*, jclass, jlong pages, jboolean apart) {
  auto* const pool = new (std::nothrow) Pool;
  const int refused = pool == nullptr ? ENOMEM : pool->make(static_cast<std::uint64_t>(pages), apart != JNI_FALSE);
  return refused == 0 ? toHandle(pool) : -refused;
}

jint touchNext(JNIEnv*, jclass, jlong pool) { return fromHandle<Pool>(pool)->touchNext(); }

jint mallocAndFree(JNIEnv*, jclass, jlong bytes) {
  void* const block = allocator::allocateTouched(static_cast<std::size_t>(bytes));
  if (block == nullptr) return ENOMEM;
  std::free(block);
  return 0;
}

jlong mallocBlock(JNIEnv*, jclass, jlong bytes) {
  return toHandle(allocator::allocateTouched(static_cast<std::size_t>(bytes)));
}

void freeBlock(JNIEnv*, jclass, jlong address) { std::free(fromHandle<void>(address)); }

jstring describe(JNIEnv* env, jclass) { return env->NewStringUTF(allocator::describe().c_str()); }

std::string toString(JNIEnv* env, jstring text) {
  const char* const characters = env->GetStringUTFChars(text, nullptr);
  std::string result = characters == nullptr ? "" : characters;
  if (characters != nullptr) env->ReleaseStringUTFChars(text, characters);
  return result;
}

jstring holder(JNIEnv* env, jclass, jstring board, jstring line) {
  return env->NewStringUTF(startHolder(toString(env, board), toString(env, line)).c_str());
}

jstring errorText(JNIEnv* env, jclass, jint number) { return env->NewStringUTF(strerror(number)); }

template <typename Function>
JNINativeMethod entry(const char* name, const char* signature, Function function) {
  return {const_cast<char*>(name), const_cast<char*>(signature), reinterpret_cast<void*>(function)};
}

}  // namespace
}  // namespace pauselab::jvm

extern "C" JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* vm, void*) {
  using namespace pauselab::jvm;
  void* env = nullptr;
  if (vm->GetEnv(&env, JNI_VERSION_1_8) != JNI_OK) return JNI_ERR;
  auto* const jni = static_cast<JNIEnv*>(env);
  const jclass type = jni->FindClass("pauselab/jni/Native");
  if (type == nullptr) return JNI_ERR;
  const JNINativeMethod methods[] = {
      entry("lockMemory", "(Ljava/nio/ByteBuffer;)I", lockMemory),
      entry("openSchedstat", "()I", openSchedstat),
      entry("runDelay_ns", "(I)J", runDelay),
      entry("cpuTime_ns", "()J", cpuTime),
      entry("makeHole", "()J", makeHole),
      entry("mapAndUnmap", "(J)I", mapAndUnmap),
      entry("makePool", "(JZ)J", makePool),
      entry("touchNext", "(J)I", touchNext),
      entry("mallocAndFree", "(J)I", mallocAndFree),
      entry("malloc", "(J)J", mallocBlock),
      entry("free", "(J)V", freeBlock),
      entry("describeAllocator", "()Ljava/lang/String;", describe),
      entry("startHolder", "(Ljava/lang/String;Ljava/lang/String;)Ljava/lang/String;", holder),
      entry("errorText", "(I)Ljava/lang/String;", errorText),
  };
  return jni->RegisterNatives(type, methods, sizeof methods / sizeof methods[0]) == 0 ? JNI_VERSION_1_8 : JNI_ERR;
}
