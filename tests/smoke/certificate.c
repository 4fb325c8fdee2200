// A node's certificate that is valid from and to so many seconds from now: what sluice pki does not
// make, such as an expired one. usage: certificate FOLDER NODE FROM TO
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "control/pki/pki.h"

int main(int argc, char **argv)
{
	struct pki_want want = {.replace = true};
	struct pki_certificate made;
	char error[PKI_ERROR_SIZE];

	if (argc != 5) {
		fprintf(stderr, "usage: certificate FOLDER NODE FROM TO\n");
		return 2;
	}
	want.folder = argv[1];
	want.name = argv[2];
	want.not_before = time(NULL) + strtoll(argv[3], NULL, 10);
	want.not_after = time(NULL) + strtoll(argv[4], NULL, 10);
	if (pki_issue(&want, &made, error) == 0)
		return 0;
	fprintf(stderr, "certificate: %s\n", error);
	return 1;
}
