/* Runs what src/lib.rs has linked; its result is the number of proofs that failed. */
#include <stdio.h>

extern unsigned mailwire_proof(void);

int main(void)
{
    unsigned failed = mailwire_proof();
    printf("without std: %u proofs failed\n", failed);
    return failed != 0;
}
